import { z } from 'zod';

/** Options of `undiciTransport()`. */
export interface UndiciTransportOptions {
  /**
   * How long an idle connection is kept where the upstream does not say so itself (`Keep-Alive: timeout=…`), in
   * milliseconds. Below what upstreams keep theirs for: who closes first loses no request. Default 4000.
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** Idle connections that are kept to each address. Default 256. */
  readonly maxIdle?: number | undefined;
}

export const undiciTransportSchema = z.strictObject({
  keepAliveTimeoutMs: z.int().positive().max(600_000).default(4000),
  maxIdle: z.int().nonnegative().max(65_536).default(256),
});

export type ResolvedUndiciTransport = z.output<typeof undiciTransportSchema>;
