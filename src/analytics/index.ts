export { type AnalyticsMiddleware, analytics } from './analytics.js';
export type { MetricsReport, Scope } from './hour-report.js';
export type { AnalyticsOptions, UsageOptions } from './options.js';
export type { RequestEvent } from './request-event.js';
export type { LossReason, Sink, SinkCounts } from './sink.js';
export type { SinkQueueOptions } from './sink-options.js';
export type { UsageEndpoint } from './usage-endpoint.js';
export type { UsageFigures, UsageGroup, UsageLine, UsageQuery, UsageReport } from './usage-report.js';
