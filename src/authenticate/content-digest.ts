import { createHash, timingSafeEqual } from 'node:crypto';
import { readDictionary } from './structured-dictionary.js';

/** The algorithms that are fit for use against an adversary (RFC 9530, section 5), as Node calls them. */
const algorithms: Readonly<Record<string, 'sha256' | 'sha512'>> = {
  'sha-256': 'sha256',
  'sha-512': 'sha512',
};

/** One member of `Content-Digest`. */
export interface ContentDigest {
  readonly algorithm: 'sha256' | 'sha512';
  readonly value: Uint8Array;
}

/** The value of `Content-Digest` for a body (RFC 9530, section 2), by SHA-256. */
export function contentDigestOf(body: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

/** What `Content-Digest` says, of the algorithms that count. Empty where it has none of them, or is malformed. */
export function readContentDigest(field: string): readonly ContentDigest[] {
  const digests: ContentDigest[] = [];
  for (const [name, [value]] of readDictionary(field) ?? []) {
    const algorithm = Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
    if (algorithm === undefined) continue;
    if (!(value instanceof ArrayBuffer)) return [];
    digests.push({ algorithm, value: new Uint8Array(value) });
  }
  return digests;
}

/** Whether a body is the one that was digested, by every algorithm that counts. */
export function matchesDigest(digests: readonly ContentDigest[], body: Uint8Array): boolean {
  return digests.every(({ algorithm, value }) => {
    const actual = createHash(algorithm).update(body).digest();
    return value.length === actual.length && timingSafeEqual(value, actual);
  });
}
