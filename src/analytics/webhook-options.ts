import { z } from 'zod';
import { headerName } from '../core/options.js';
import { isSigningSecret } from './webhook-signature.js';

/** How one HTTP request after another is tried until the receiver has taken it. */
export interface DeliveryOptions {
  /**
   * `https:`, or `http:`. No user name and password in it: a URL gets into logs. No redirect is followed: it would carry
   * the events, and the headers, to somebody else.
   */
  readonly url: string;
  /** Further header fields, such as `Authorization`. Never logged. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long one try may take, in milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * How often it is tried again after a connection that failed, a time-out, 408, 429 or 5xx. Any other answer is final.
   * 0 to 10. Default 3.
   */
  readonly retries?: number | undefined;
  /** How long to wait before the first retry, in milliseconds: doubled each time, less up to a half at random. Default 200. */
  readonly retryDelayMs?: number | undefined;
  /** How long to wait at most before a retry, whatever `Retry-After` says, in milliseconds. Default 5,000. */
  readonly maxRetryDelayMs?: number | undefined;
}

/** Where alerts or events are sent, and how they are signed (Standard Webhooks 1.0.0). */
export interface WebhookOptions extends DeliveryOptions {
  /**
   * What bodies are signed with: `whsec_` and base64, or else the UTF-8 bytes themselves; 24 to 64 bytes. Several, while
   * one replaces another: the body is signed with each. `false`: not signed, and the receiver can't tell who sent it.
   */
  readonly secret: string | readonly string[] | false;
}

/** What the sender writes itself. */
const reserved = /^(?:host|connection|content-(?:length|type|encoding)|transfer-encoding|webhook-.*)$/;

const receiver = z.string().superRefine((value, check) => {
  const problem = problemWithUrl(value);
  if (problem) check.addIssue({ code: 'custom', message: problem });
});

function problemWithUrl(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be a URL such as "https://hooks.example.com/gateway"';
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http: or https: URL';
  if (url.username || url.password)
    return 'must not hold a user name or password: give them as `headers: { authorization: ... }`';
  return undefined;
}

const duration = z.int().positive().max(600_000);

export const deliveryShape = {
  url: receiver,
  headers: z
    .record(
      headerName.refine((name) => !reserved.test(name), 'must not be a field that the sender writes itself'),
      z.string().trim(),
    )
    .default({}),
  timeoutMs: duration.default(2000),
  retries: z.int().nonnegative().max(10).default(3),
  retryDelayMs: duration.default(200),
  maxRetryDelayMs: duration.default(5000),
};

// One check of the whole: its message then hides the value, also where several secrets are given.
const secretOption = z.custom<string | readonly string[] | false>(
  (value) => value === false || (Array.isArray(value) ? isListOfSecrets(value) : isSigningSecret(value)),
  'must be 24 to 64 bytes (as "whsec_" and base64, or as they are), a list of up to 5 such secrets, or false',
);

function isListOfSecrets(values: unknown[]): boolean {
  return values.length > 0 && values.length <= 5 && values.every(isSigningSecret);
}

export const webhookSchema = z.strictObject({ ...deliveryShape, secret: secretOption });

/** Options with their defaults. */
export type ResolvedDelivery = Omit<z.output<typeof webhookSchema>, 'secret'>;
/** Options with their defaults. */
export type ResolvedWebhook = z.output<typeof webhookSchema>;
