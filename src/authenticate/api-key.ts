import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = 'gw_';
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const KEY_LENGTH = PREFIX.length + SECRET_LENGTH + CHECKSUM_LENGTH;
const shape = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * Makes a key: `gw_`, 32 random bytes as 43 base62 characters, and their CRC-32 as 6. Secret scanners can find
 * it, and a mistyped one is refused without a look-up.
 */
export function generateApiKey(): string {
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_LENGTH);
  return PREFIX + secret + checksum(secret);
}

/** Whether a string has the form of a key and its checksum is right. */
export function isWellFormedApiKey(candidate: string): boolean {
  if (candidate.length !== KEY_LENGTH || !shape.test(candidate)) return false;
  const secret = candidate.slice(PREFIX.length, PREFIX.length + SECRET_LENGTH);
  return candidate.endsWith(checksum(secret));
}

/** Whether a bearer token is meant to be one of our keys. */
export function looksLikeApiKey(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** What is stored of a key: its SHA-256 in hexadecimal. */
export function hashApiKey(key: string): string {
  return hash('sha256', key);
}

function checksum(secret: string): string {
  // For every request: without big integers, which are slow.
  let rest = crc32(secret);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = ALPHABET[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function base62(number: bigint, length: number): string {
  let rest = number;
  let digits = '';
  while (digits.length < length) {
    digits = ALPHABET[Number(rest % 62n)] + digits;
    rest /= 62n;
  }
  return digits;
}
