import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { ConfigError } from '../core/config-error.js';
import { contextOf } from '../core/context.js';
import { GatewayError, InternalError } from '../core/errors.js';
import type { MeasurementSource } from '../core/measurement.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { type ErrorOptions, errorHandler, sendError } from '../core/send-error.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import type { Alert } from './alert.js';
import { BodyMeter } from './body-meter.js';
import type { MetricsReport, Scope } from './hour-report.js';
import { metricsEndpoint } from './metrics-endpoint.js';
import { type AnalyticsOptions, analyticsSchema, type ResolvedAnalytics } from './options.js';
import { Recorder } from './recorder.js';
import { requestEvent, serviceOf } from './request-event.js';
import { type UsageEndpoint, usageEndpoint } from './usage-endpoint.js';
import type { UsageQuery, UsageReport } from './usage-report.js';

/** What `analytics()` returns. */
export interface AnalyticsMiddleware extends Middleware, StatusSource {
  /** The current hour's figures of this process. */
  report(): MetricsReport;
  /** The same of all replicas that share a Redis, where there is one and it answers. */
  report(scope: Scope): Promise<MetricsReport>;
  /** Who used what, on which days. */
  usage(query?: UsageQuery): Promise<UsageReport>;
  /** The Prometheus metrics, for a scrape or for metrics of one's own. */
  readonly registry: Registry;
  /** Adds what a part of a gateway measures of itself to the metrics. */
  observe(source: MeasurementSource): void;
  /** The alerts that fire. */
  firing(): readonly Alert[];
  /** Answers with the figures as JSON, or with Prometheus or OpenMetrics text where `Accept` prefers it. */
  readonly endpoint: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Answers who used what, as JSON or CSV. */
  readonly usageEndpoint: UsageEndpoint;
  /** Gives sinks and Redis what they do not have yet, within their time for that, and stops timers. */
  close(): Promise<void>;
}

/**
 * Records every request when its response has ended, however it ended: the hour's figures, usage, Prometheus metrics.
 * It goes first, so that its clock sees everything. Recording delays nothing.
 *
 * @throws ConfigError for wrong options
 */
export function analytics(options: AnalyticsOptions = {}): AnalyticsMiddleware {
  const config = checkOptions('analytics', analyticsSchema, options);
  const recorder = recorderOf(config);
  const { figures, metrics } = recorder;
  if (config.processMetrics) collectDefaultMetrics({ register: metrics.registry });

  function analyticsMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const startedAt = performance.now();
    const context = contextOf(req, res);
    const { outcome } = context;
    const meter = BodyMeter.of(req, res);
    let timeToFirstByteMs: number | undefined;
    let openedAt: number | undefined;
    metrics.started();
    outcome.onHeaders(() => {
      const now = performance.now();
      timeToFirstByteMs = now - startedAt;
      if (context.webSocket === undefined) return;
      openedAt = now;
      metrics.webSocketOpened(serviceOf(context));
    });
    outcome.onEnd((ending) => {
      const durationMs = (openedAt ?? performance.now()) - startedAt;
      const { bytesIn, bytesOut } = meter;
      const event = requestEvent(req, context, ending, { durationMs, timeToFirstByteMs, bytesIn, bytesOut });
      recorder.record(event);
    });
    next();
  }

  function report(): MetricsReport;
  function report(scope: Scope): Promise<MetricsReport>;
  function report(scope?: Scope): MetricsReport | Promise<MetricsReport> {
    return scope === undefined ? figures.localReport() : figures.report(scope);
  }

  function status(): StatusReport {
    return { middleware: { analytics: true } };
  }

  const usage = (query: UsageQuery = {}): Promise<UsageReport> => figures.usage(query);
  return Object.assign(analyticsMiddleware, {
    report,
    usage,
    registry: metrics.registry,
    observe: (source: MeasurementSource) => metrics.observe(source),
    endpoint: refusing(metricsEndpoint(report, metrics.registry, config.gather), config),
    usageEndpoint: refusing(usageEndpoint(usage), config),
    firing: () => recorder.firing(),
    status,
    close: () => recorder.close(),
  });
}

/** A registry takes a name once: two of these in one registry are a mistake. */
function recorderOf(config: ResolvedAnalytics): Recorder {
  try {
    return new Recorder(config);
  } catch (cause) {
    if (!(cause instanceof Error) || !cause.message.includes('already been registered')) throw cause;
    throw new ConfigError(['`analytics.registry` has these metrics already. Give another one, or none.']);
  }
}

/** Has an endpoint answer for what it throws, wherever it is mounted. */
function refusing<Rest extends unknown[]>(
  answer: (req: IncomingMessage, res: ServerResponse, ...rest: Rest) => Promise<void>,
  options: ErrorOptions,
) {
  const refuse = errorHandler(options);
  return async (req: IncomingMessage, res: ServerResponse, ...rest: Rest): Promise<void> => {
    try {
      await answer(req, res, ...rest);
    } catch (cause) {
      const refusal = cause instanceof GatewayError ? cause : new InternalError(cause);
      refuse(refusal, req, res, () => sendError(refusal, res, options.errorFormat));
    }
  };
}
