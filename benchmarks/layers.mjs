import { PREFIX } from './gateway/shapes.mjs';

/** @typedef {import('gatewright').GatewayOptions} GatewayOptions */
/** @typedef {Omit<GatewayOptions, 'services'>} Options */

/** Limits in all dimensions that nobody reaches. */
const ample = {
  requestsPerMinute: 1e9,
  requestsPerHour: 1e9,
  requestsPerDay: 1e9,
  burstLimit: 1e9,
  costLimitPerHour: 1e9,
  concurrentRequests: 1e6,
};

/** Whoever is of the tier `refused` has one request a day. */
export const rateLimit = {
  tiers: { bench: ample, free: ample, refused: { ...ample, requestsPerDay: 1 } },
};

/** Nothing but the proxy. */
export const off = /** @type {const} */ ({
  authenticate: false,
  rateLimit: false,
  circuitBreaker: false,
  analytics: false,
  audit: false,
});

/** API key, six dimensions, analytics, breaker, audit, CORS. @type {Options} */
export const everything = { cors: { origins: ['https://app.example.com'] }, rateLimit };

/**
 * Each layer over the ones before. The first of them have one target, the last has two.
 *
 * @type {Readonly<Record<string, Options>>}
 */
export const layers = {
  'proxy alone': off,
  '+ analytics': { ...off, analytics: {} },
  '+ breaker': { ...off, analytics: {}, circuitBreaker: {} },
  '+ limits': { ...off, analytics: {}, circuitBreaker: {}, rateLimit },
  '+ API key': { rateLimit, audit: false },
  everything,
};

/** The one service, by its targets. @param {readonly string[]} targets */
export const serviceOf = (targets) => ({ [PREFIX]: { targets, cost: 0.002 } });
