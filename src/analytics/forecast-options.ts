import { z } from 'zod';

/** How the request rate is predicted. */
export interface ForecastOptions {
  /** Length of the intervals in which requests are counted, in milliseconds: 100 to 3,600,000. Default 60,000. */
  readonly intervalMs?: number | undefined;
  /** How many intervals make a season: 2 to 10,080. Default 1,440, which is a day of minutes. */
  readonly seasonIntervals?: number | undefined;
  /** How far ahead is predicted, in milliseconds: at least `intervalMs`, at most a season. Default 600,000. */
  readonly horizonMs?: number | undefined;
  /** How fast the level follows the rate: above 0, at most 1. Default 0.3. */
  readonly alpha?: number | undefined;
  /** How fast the trend follows the level: 0 to 1. Default 0.01. */
  readonly beta?: number | undefined;
  /** How fast the season follows the rate: 0 to 1. Default 0.2. */
  readonly gamma?: number | undefined;
  /**
   * Requests a second in each of the intervals up to now, oldest first, such as a metrics database has them: with two
   * seasons of them there is a season from the start. Up to 40,320 numbers. Default none.
   */
  readonly history?: readonly number[] | undefined;
  /** How many requests a second one replica can take. Without it no number of replicas is recommended. */
  readonly requestsPerSecondPerReplica?: number | undefined;
  /** At least so many are recommended. Default 1. */
  readonly minReplicas?: number | undefined;
  /** At most so many are recommended. Not below `minReplicas`. Default 100. */
  readonly maxReplicas?: number | undefined;
}

const share = z.number().min(0).max(1);
const replicas = z.int().positive().max(100_000);

export const forecastSchema = z
  .strictObject({
    intervalMs: z.int().min(100).max(3_600_000).default(60_000),
    seasonIntervals: z.int().min(2).max(10_080).default(1440),
    horizonMs: z.int().positive().default(600_000),
    alpha: z.number().gt(0).max(1).default(0.3),
    beta: share.default(0.01),
    gamma: share.default(0.2),
    history: z.array(z.number().nonnegative().max(1e12)).max(40_320).default([]),
    requestsPerSecondPerReplica: z.number().positive().max(1e9).optional(),
    minReplicas: replicas.default(1),
    maxReplicas: replicas.default(100),
  })
  .superRefine(({ intervalMs, seasonIntervals, horizonMs, minReplicas, maxReplicas }, check) => {
    const seasonMs = intervalMs * seasonIntervals;
    if (horizonMs < intervalMs || horizonMs > seasonMs) {
      const message = `must be at least \`intervalMs\` and at most a season: ${intervalMs} to ${seasonMs}`;
      check.addIssue({ code: 'custom', path: ['horizonMs'], message });
    }
    if (maxReplicas < minReplicas) {
      const message = `must be at least \`minReplicas\`, which is ${minReplicas}`;
      check.addIssue({ code: 'custom', path: ['maxReplicas'], message });
    }
  });

/** Options with their defaults. */
export type ResolvedForecast = z.output<typeof forecastSchema>;
