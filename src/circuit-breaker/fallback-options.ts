import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { GatewayContext } from '../core/context.js';
import { functionOption } from '../core/options.js';

/** Answers a request that an open breaker does not let through. */
export type FallbackHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  context: GatewayContext,
) => void | Promise<void>;

/** An answer that is always the same. */
export interface StaticFallback {
  /** The status of the answer. Default 200. */
  readonly status?: number | undefined;
  /** Header fields of the answer. Default: a `Content-Type` of JSON for an object, of plain text for a string. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The body of the answer; anything but a string or bytes is sent as JSON. Default: empty. */
  readonly body?: unknown;
}

/** What answers while a breaker is open. */
export type Fallback = FallbackHandler | StaticFallback;

/** What Node writes itself. */
const framing = /^(?:content-length|transfer-encoding|connection|keep-alive|trailer|upgrade)$/i;
const fieldName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]{1,256}$/, 'must be the name of a header field')
  .refine((name) => !framing.test(name), 'must not be a field by which the end of a response is found');
const fieldValue = z
  .string()
  .max(8192)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be the value of a header field');

export const fallbackOption = z.union([
  functionOption<FallbackHandler>(),
  z.strictObject({
    status: z.int().min(200).max(599).default(200),
    headers: z.record(fieldName, fieldValue).default({}),
    body: z.unknown().refine(canBeSent, 'must be something that JSON can hold').optional(),
  }),
]);

/** A fallback with its defaults. */
export type ResolvedFallback = z.output<typeof fallbackOption>;

/** A circle, or a bigint, would be found out in the middle of an outage. */
function canBeSent(body: unknown): boolean {
  try {
    return body === undefined || JSON.stringify(body) !== undefined;
  } catch {
    return false;
  }
}
