export { type AnalyticsMiddleware, analytics } from './analytics.js';
export type { MetricsReport } from './hour-figures.js';
export type { AnalyticsOptions } from './options.js';
