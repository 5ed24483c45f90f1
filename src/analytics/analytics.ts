import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { contextOf } from '../core/context.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import type { StatusReport, StatusSource } from '../core/status.js';
import { BodyMeter } from './body-meter.js';
import { HourFigures, type MetricsReport } from './hour-figures.js';
import { metricsEndpoint } from './metrics-endpoint.js';
import { type AnalyticsOptions, analyticsSchema } from './options.js';
import { PrometheusMetrics } from './prometheus.js';
import { requestEvent, serviceOf } from './request-event.js';

/** What `analytics()` returns. */
export interface AnalyticsMiddleware extends Middleware, StatusSource {
  /** The current hour's figures. */
  report(): MetricsReport;
  /** The Prometheus metrics, for a scrape or for metrics of one's own. */
  readonly registry: Registry;
  /** Answers with the figures as JSON, or with Prometheus text where `Accept` prefers it. */
  readonly endpoint: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
}

/**
 * Records every request when its response has ended, however it ended: the hour's figures and Prometheus metrics.
 * It goes first, so that its clock sees everything. Recording delays nothing.
 *
 * @throws ConfigError for wrong options
 */
export function analytics(options: AnalyticsOptions = {}): AnalyticsMiddleware {
  const config = checkOptions('analytics', analyticsSchema, options);
  const figures = new HourFigures();
  const metrics = new PrometheusMetrics(config);
  config.events?.on('breaker', ({ key, to }) => metrics.breakerChanged(key, to));
  config.events?.on('target', ({ service, target, up }) => metrics.targetChanged(service, target, up));
  config.events?.on('storeMode', ({ store, mode }) => metrics.storeModeChanged(store, mode));

  function analyticsMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const startedAt = performance.now();
    const context = contextOf(req, res);
    const { outcome } = context;
    const meter = new BodyMeter(req, res);
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
      figures.add(event, event.timestamp);
      metrics.ended(event);
    });
    next();
  }

  function status(): StatusReport {
    return { middleware: { analytics: true } };
  }

  const report = (): MetricsReport => figures.report(Date.now());
  return Object.assign(analyticsMiddleware, {
    report,
    registry: metrics.registry,
    endpoint: metricsEndpoint(report, metrics.registry),
    status,
  });
}
