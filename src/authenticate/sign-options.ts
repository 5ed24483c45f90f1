import { z } from 'zod';
import { componentName, keyIdSchema, labelSchema, secretSchema } from './signature-options.js';

/** A request to be signed. */
export interface RequestToSign {
  /** The method that it will be sent with. Default `GET`. */
  readonly method?: string | undefined;
  /** Where it will be sent: absolute, `http:` or `https:`. */
  readonly url: string | URL;
  /** The fields that `components` names; others may be there too. */
  readonly headers?: Iterable<readonly [string, string]> | Readonly<Record<string, string>> | undefined;
  /**
   * The whole body as it will be sent. A stream has to be read before it can be signed: give its `Content-Digest` in
   * `headers` instead.
   */
  readonly body?: string | Uint8Array | undefined;
  /** Which key the secret is, for the gateway. */
  readonly keyId: string;
  /** Shared with the gateway: 32 bytes or more, as bytes or as a string that stands for its UTF-8. */
  readonly secret: string | Uint8Array;
  /** Fields to cover besides, such as `['content-type']`. They must be in `headers`. Default: none. */
  readonly components?: readonly string[] | undefined;
  /** Used once. Default: 128 random bits. */
  readonly nonce?: string | undefined;
  /** Seconds since the epoch. Default: now. */
  readonly created?: number | undefined;
  /** Seconds since the epoch. Default: as long as the gateway lets it be valid. */
  readonly expires?: number | undefined;
  /** Tells this signature from others on the request. Default `sig1`. */
  readonly label?: string | undefined;
  /** What the signature is for, where the gateway asks for it. Default: none. */
  readonly tag?: string | undefined;
}

const seconds = z.int().nonnegative().max(999_999_999_999_999);

/** `RequestToSign`, with its defaults. */
export const requestToSignSchema = z.strictObject({
  method: z.string().min(1).toUpperCase().default('GET'),
  url: z.custom<string | URL>(isHttpUrl, 'must be an absolute http: or https: URL'),
  headers: z
    .custom<NonNullable<RequestToSign['headers']>>((value) => typeof value === 'object', 'must be an object')
    .default({}),
  body: z
    .custom<string | Uint8Array>(isWhole, 'must be a string or bytes: digest a stream yourself')
    .optional(),
  keyId: keyIdSchema,
  secret: secretSchema,
  components: z.array(componentName.toLowerCase()).max(64).default([]),
  nonce: keyIdSchema.optional(),
  created: seconds.optional(),
  expires: seconds.optional(),
  label: labelSchema.default('sig1'),
  tag: keyIdSchema.optional(),
});

function isHttpUrl(value: unknown): boolean {
  return /^https?:\/\//i.test(String(value)) && URL.canParse(String(value));
}

function isWhole(value: unknown): boolean {
  return typeof value === 'string' || ArrayBuffer.isView(value);
}
