import type { IncomingMessage, ServerResponse } from 'node:http';
import Negotiator from 'negotiator';
import type { Registry } from 'prom-client';
import { BadRequestError } from '../core/errors.js';
import { type Gather, gathered } from './gather.js';
import type { MetricsReport, Scope } from './hour-report.js';
import { OPEN_METRICS_TYPE, openMetrics } from './open-metrics.js';

const JSON_TYPE = 'application/json';
const PROMETHEUS_TYPE = 'text/plain; version=0.0.4';

/** Where a client likes several equally, the first. Prometheus 2 and 3 like OpenMetrics best. */
const types = [JSON_TYPE, OPEN_METRICS_TYPE, PROMETHEUS_TYPE];

/**
 * Answers with the hour's figures as JSON, or with the metrics of this process, and of those it gathers from, as
 * Prometheus or OpenMetrics text where `Accept` prefers that. `?scope=local` leaves the other replicas out of the figures.
 *
 * @throws BadRequestError for another scope
 */
export function metricsEndpoint(
  report: (scope: Scope) => Promise<MetricsReport>,
  registry: Registry,
  gather?: Gather,
) {
  return async function answerMetrics(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const type = new Negotiator(req).mediaType(types);
    const all = (): Promise<Registry> => gathered(registry, gather);
    if (type === PROMETHEUS_TYPE) send(res, PROMETHEUS_TYPE, await (await all()).metrics());
    else if (type === OPEN_METRICS_TYPE) send(res, OPEN_METRICS_TYPE, await openMetrics(await all()));
    else send(res, JSON_TYPE, JSON.stringify(await report(scopeOf(req))));
  };
}

function scopeOf(req: IncomingMessage): Scope {
  const scope = new URLSearchParams((req.url ?? '').split('?')[1]).get('scope') ?? 'all';
  if (scope === 'all' || scope === 'local') return scope;
  throw new BadRequestError('`scope` must be all or local.');
}

function send(res: ServerResponse, type: string, body: string): void {
  res.appendHeader('Vary', 'Accept');
  res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
