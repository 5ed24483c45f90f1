import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { GatewayEvents } from '../core/events.js';
import { objectWith } from '../core/options.js';

/** Options of `analytics()`. */
export interface AnalyticsOptions {
  /** Where the Prometheus metrics are registered. Default: a registry of its own. */
  readonly registry?: Registry | undefined;
  /** How many values a label may have; further ones are counted as `other`. Default 100. */
  readonly maxLabelValues?: number | undefined;
  /** Where changes of state in other parts of a gateway are heard. */
  readonly events?: GatewayEvents | undefined;
}

export const analyticsSchema = z.strictObject({
  registry: objectWith<Registry>('registerMetric', 'metrics').optional(),
  maxLabelValues: z.int().positive().max(10_000).default(100),
  events: objectWith<GatewayEvents>('on').optional(),
});

/** Options with their defaults. */
export type ResolvedAnalytics = z.output<typeof analyticsSchema>;
