import { type Logger, silentLogger } from '../core/logger.js';
import type { Alert } from './alert.js';
import { alertMeasurements } from './alert-measurements.js';
import { resolveAlerts } from './alert-options.js';
import { Alerts } from './alerts.js';
import { EventQueues } from './event-queues.js';
import { Figures } from './figures.js';
import { Forecast } from './forecast.js';
import { forecastMeasurements } from './forecast-measurements.js';
import type { ResolvedAnalytics } from './options.js';
import { PrometheusMetrics } from './prometheus.js';
import { RedisRows } from './redis-rows.js';
import type { RequestEvent } from './request-event.js';
import { sinkMeasurements } from './sink-measurements.js';
import { DAY_MS, HOUR_MS } from './time-spans.js';

/** All that is made of request events. */
export class Recorder {
  readonly metrics: PrometheusMetrics;
  readonly figures: Figures;
  readonly #sinks: EventQueues | undefined;
  readonly #alerts: Alerts | undefined;
  readonly #forecast: Forecast | undefined;

  constructor(config: ResolvedAnalytics) {
    const { sinkQueue, usage, flushMs, events, logger = silentLogger } = config;
    this.metrics = new PrometheusMetrics(config);
    const { closeTimeoutMs } = sinkQueue;
    this.figures = new Figures({ ...usage, flushMs, closeTimeoutMs }, rowsIn(config, logger));
    if (config.sinks.length > 0) this.#sinks = new EventQueues(config.sinks, sinkQueue, logger);
    if (config.alerts) this.#alerts = new Alerts(resolveAlerts(config.alerts), { logger, events });
    if (config.forecast) this.#forecast = new Forecast(config.forecast);
    this.#measure();
  }

  /** Takes a request that has ended into account. */
  record(event: RequestEvent): void {
    this.figures.add(event);
    this.metrics.ended(event);
    this.#sinks?.add(event);
    this.#alerts?.record(event);
    this.#forecast?.record();
  }

  /** What fires now. */
  firing(): readonly Alert[] {
    return this.#alerts?.firing() ?? [];
  }

  async close(): Promise<void> {
    this.metrics.close();
    this.#forecast?.close();
    await Promise.all([this.figures.close(), this.#sinks?.close(), this.#alerts?.close()]);
  }

  #measure(): void {
    const { metrics } = this;
    const sinks = this.#sinks;
    if (sinks) metrics.observe(sinkMeasurements(() => sinks.counts()));
    if (this.#alerts) metrics.observe(alertMeasurements(this.#alerts));
    if (this.#forecast) metrics.observe(forecastMeasurements(this.#forecast));
  }
}

/** Where all replicas count together. */
function rowsIn(config: ResolvedAnalytics, logger: Logger): RedisRows | undefined {
  const { redis, keyPrefix, storeTimeoutMs, usage, events } = config;
  if (redis === undefined) return undefined;
  return new RedisRows({
    client: redis,
    keyPrefix,
    timeoutMs: storeTimeoutMs,
    maxEntries: usage.maxEntries,
    keepMs: { hour: 2 * HOUR_MS, day: (usage.keepDays + 1) * DAY_MS },
    logger,
    events,
  });
}
