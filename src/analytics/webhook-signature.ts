import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const PREFIX = 'whsec_';
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whether it can be a secret of the Standard Webhooks specification: 24 to 64 bytes. */
export function isSigningSecret(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (value.startsWith(PREFIX) && !base64.test(value.slice(PREFIX.length))) return false;
  const { length } = bytesOf(value);
  return length >= 24 && length <= 64;
}

function bytesOf(secret: string): Buffer {
  return secret.startsWith(PREFIX)
    ? Buffer.from(secret.slice(PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8');
}

/** Signs messages by the Standard Webhooks specification 1.0.0, symmetric scheme `v1`. */
export class WebhookSignature {
  readonly #keys: readonly KeyObject[];

  /** @param secrets one, or several while one replaces another */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map((secret) => createSecretKey(bytesOf(secret)));
  }

  /**
   * The header fields of one try. A repeat has the same id, so that a receiver can drop it, and a time of its own, so that
   * it can refuse what is old.
   *
   * @param now milliseconds since 1970
   */
  headers(id: string, now: number, body: string): Record<string, string> {
    const timestamp = String(Math.floor(now / 1000));
    const content = `${id}.${timestamp}.${body}`;
    const signatures = this.#keys.map(
      (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
    );
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      ...(signatures.length > 0 ? { 'webhook-signature': signatures.join(' ') } : {}),
    };
  }
}
