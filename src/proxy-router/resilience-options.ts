import { z } from 'zod';
import { timeoutMs } from './timeout-options.js';

/** Asks each target now and then whether it is well. */
export interface HealthCheckOptions {
  /** What is asked for with GET, below the target's base path. Default `/health`. */
  readonly path?: string | undefined;
  /** How often, in milliseconds; each target at a time of its own, a tenth earlier or later. Default 5,000. */
  readonly intervalMs?: number | undefined;
  /** How long an answer may take, in milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  /** How many good answers in a row bring a target back. Default 1. */
  readonly healthyThreshold?: number | undefined;
  /** How many bad ones in a row take it out. Default 2. */
  readonly unhealthyThreshold?: number | undefined;
  /** A status or a range that is a good answer. Default `200-399`. */
  readonly expectedStatus?: number | string | undefined;
}

/** Takes a target out that has failed several requests in a row: could not be reached, broke, or said 502, 503 or 504. */
export interface EjectionOptions {
  /** How many in a row. Default 5. */
  readonly failures?: number | undefined;
  /** For how long at first, in milliseconds; each time that it happens again, for as long again. Default 30,000. */
  readonly baseMs?: number | undefined;
  /** For how long at most, in milliseconds. Default 300,000. */
  readonly maxMs?: number | undefined;
  /** The largest share of a service's targets that may be out for this. Default 0.5. */
  readonly maxShare?: number | undefined;
}

/** Tries another target where one has failed before its answer began, and the request can be sent again. */
export interface RetryOptions {
  /** How many times more. Default 2. */
  readonly attempts?: number | undefined;
  /** Answers after which another target is tried. Default `[503]`. */
  readonly statuses?: readonly number[] | undefined;
  /** The longest wait before the first retry, in milliseconds, doubled with each one; a random part of it is waited. Default 25. */
  readonly backoffMs?: number | undefined;
  /** The longest wait before any retry, in milliseconds. A longer `Retry-After` is passed to the client. Default 250. */
  readonly maxBackoffMs?: number | undefined;
  /** The longest body that is kept to be sent again. Default 65,536 bytes. */
  readonly maxBodyBytes?: number | undefined;
  /** Retries for each request, over the last ten seconds. Default 0.2. */
  readonly budgetRatio?: number | undefined;
  /** Retries in a second that are allowed beside. Default 10. */
  readonly budgetPerSecond?: number | undefined;
  /**
   * Where no answer has begun after so many milliseconds, a second target is asked too, and the first answer counts.
   * Only for idempotent requests without a body. Default: off.
   */
  readonly hedgeAfterMs?: number | undefined;
}

/** How many requests a target is given at a time. */
export interface PoolOptions {
  /** Connections to one target. Default: no limit. */
  readonly maxSockets?: number | undefined;
  /** Requests that wait for one where all are taken; what comes on top is refused with 503. Default 1,000. */
  readonly maxQueue?: number | undefined;
  /** How long they wait, in milliseconds. Default 5,000. */
  readonly queueTimeoutMs?: number | undefined;
}

const count = z.int().nonnegative().max(1_000_000);

const statusRange = z
  .union([z.int().min(100).max(599).transform(String), z.string()])
  .superRefine((value, check) => {
    if (!/^[1-5]\d\d(?:-[1-5]\d\d)?$/.test(value))
      check.addIssue({
        code: 'custom',
        message: 'must be a status such as 200, or a range such as "200-399"',
      });
  })
  .transform((value) => {
    const [from, to = from] = value.split('-').map(Number) as [number, number?];
    return { from, to };
  });

export const healthCheckSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\/[!-~]*$/, 'must be a path such as "/health"')
    .default('/health'),
  intervalMs: timeoutMs.default(5000),
  timeoutMs: timeoutMs.default(2000),
  healthyThreshold: z.int().positive().max(100).default(1),
  unhealthyThreshold: z.int().positive().max(100).default(2),
  expectedStatus: statusRange.prefault('200-399'),
});

export const ejectionSchema = z.strictObject({
  failures: z.int().positive().max(1000).default(5),
  baseMs: timeoutMs.default(30_000),
  maxMs: timeoutMs.default(300_000),
  maxShare: z.number().min(0).max(1).default(0.5),
});

export const retriesSchema = z.strictObject({
  attempts: z.int().nonnegative().max(10).default(2),
  statuses: z.array(z.int().min(400).max(599)).default([503]),
  backoffMs: z.int().nonnegative().max(60_000).default(25),
  maxBackoffMs: z.int().nonnegative().max(60_000).default(250),
  maxBodyBytes: z.int().nonnegative().max(16_777_216).default(65_536),
  budgetRatio: z.number().min(0).max(1).default(0.2),
  budgetPerSecond: z.number().nonnegative().max(100_000).default(10),
  hedgeAfterMs: timeoutMs.optional(),
});

export const poolSchema = z.strictObject({
  maxSockets: z.int().positive().max(1_000_000).optional(),
  maxQueue: count.default(1000),
  queueTimeoutMs: timeoutMs.default(5000),
});

/** Sections of a service with their defaults. */
export type ResolvedHealthCheck = z.output<typeof healthCheckSchema>;
export type ResolvedEjection = z.output<typeof ejectionSchema>;
export type ResolvedRetries = z.output<typeof retriesSchema>;
export type ResolvedPool = z.output<typeof poolSchema>;
