import { z } from 'zod';

/** How long an upstream may take. */
export interface TimeoutOptions {
  /** To connect, in milliseconds. Default 5,000. */
  readonly connectMs?: number | undefined;
  /** From the last byte of the request to its answer's status, in milliseconds. Default 120,000. */
  readonly firstByteMs?: number | undefined;
  /** Between two bytes of an answer that the client is ready to take, in milliseconds. Default 300,000. */
  readonly idleMs?: number | undefined;
  /** For everything, retries and the answer's last byte among it, in milliseconds. Default: no limit. */
  readonly totalMs?: number | undefined;
}

export const timeoutMs = z.int().positive().max(2_147_483_647);
