/**
 * The limits of a tier, or of one identity. A dimension that is left out is unlimited.
 */
export interface TierLimits {
  /** Requests in any minute. A positive integer. */
  readonly requestsPerMinute?: number | undefined;
  /** Requests in any hour. A positive integer. */
  readonly requestsPerHour?: number | undefined;
  /** Requests in any day of 24 hours. A positive integer. */
  readonly requestsPerDay?: number | undefined;
  /** Requests in a burst window (`burstWindowMs`, one second by default). A positive integer. */
  readonly burstLimit?: number | undefined;
  /** Cost in any hour, in dollars. A positive number. */
  readonly costLimitPerHour?: number | undefined;
  /** Requests that may run at the same time. A positive integer. */
  readonly concurrentRequests?: number | undefined;
}

/** Limits of one service, which counts apart from the others. */
export interface ServiceLimits {
  /** By tier; a tier that is not named has its usual limits. */
  readonly tiers: Readonly<Record<string, TierLimits>>;
}

/** The tier of whoever has no identity. */
export const ANONYMOUS_TIER = 'free';

/** The tier of the administrator: unlimited. */
export const SYSTEM_TIER = 'system';

/** The five tiers that exist without being configured. */
export const defaultTiers: Readonly<Record<string, TierLimits>> = Object.freeze({
  [ANONYMOUS_TIER]: {
    requestsPerMinute: 10,
    requestsPerHour: 100,
    requestsPerDay: 1000,
    burstLimit: 20,
    costLimitPerHour: 1,
    concurrentRequests: 2,
  },
  basic: {
    requestsPerMinute: 60,
    requestsPerHour: 1000,
    requestsPerDay: 10_000,
    burstLimit: 100,
    costLimitPerHour: 10,
    concurrentRequests: 5,
  },
  premium: {
    requestsPerMinute: 300,
    requestsPerHour: 10_000,
    requestsPerDay: 100_000,
    burstLimit: 500,
    costLimitPerHour: 50,
    concurrentRequests: 20,
  },
  enterprise: {
    requestsPerMinute: 1000,
    requestsPerHour: 50_000,
    requestsPerDay: 1_000_000,
    burstLimit: 2000,
    costLimitPerHour: 500,
    concurrentRequests: 100,
  },
  [SYSTEM_TIER]: {},
});
