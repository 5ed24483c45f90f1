import { STATUS_CODES } from 'node:http';
import { toMicros } from '../core/money.js';
import { CLIENT_CLOSED_REQUEST } from '../core/outcome.js';
import { DurationHistogram } from './duration-histogram.js';
import { knownMethod } from './known-method.js';
import { BoundedLabel } from './label.js';
import type { RequestEvent } from './request-event.js';

/** What was counted of the requests of one method and status. */
export interface Series {
  readonly method: string;
  /** 0 for all that HTTP does not know. */
  readonly status: number;
  readonly duration: DurationHistogram;
}

/** What was counted of the requests of one tier to one service. */
export interface TierTraffic {
  costMicros: number;
  readonly series: Map<string, Series[]>;
}

/** What was counted of the requests to one service. */
export interface ServiceTraffic {
  readonly tiers: Map<string, TierTraffic>;
  readonly timeToFirstByte: DurationHistogram;
  readonly upstream: DurationHistogram;
  readonly overhead: DurationHistogram;
  bytesIn: number;
  bytesOut: number;
}

/**
 * Counts requests by service, tier, method and status, in numbers that only grow: what a scrape shows is made of them
 * when it comes. Every label is bounded; what clients send makes no further ones.
 */
export class Traffic {
  readonly services = new Map<string, ServiceTraffic>();
  readonly serviceLabel: BoundedLabel;
  readonly tierLabel: BoundedLabel;

  constructor(maxLabelValues: number) {
    this.serviceLabel = new BoundedLabel(maxLabelValues);
    this.tierLabel = new BoundedLabel(maxLabelValues);
  }

  add(event: RequestEvent): void {
    const service = this.#serviceOf(event.service);
    service.bytesIn += event.bytesIn;
    service.bytesOut += event.bytesOut;
    const { timeToFirstByteMs, upstreamMs } = event;
    if (timeToFirstByteMs !== undefined) service.timeToFirstByte.observe(timeToFirstByteMs);
    if (upstreamMs !== undefined) {
      service.upstream.observe(upstreamMs);
      if (timeToFirstByteMs !== undefined)
        service.overhead.observe(Math.max(0, timeToFirstByteMs - upstreamMs));
    }
    const tier = this.#tierOf(service, event.tier);
    if (event.cost > 0) tier.costMicros += toMicros(event.cost);
    seriesOf(tier, event).duration.observe(event.durationMs);
  }

  #serviceOf(name: string): ServiceTraffic {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const label = this.serviceLabel.of(name);
    let service = this.services.get(label);
    if (service === undefined) {
      service = {
        tiers: new Map(),
        timeToFirstByte: new DurationHistogram(),
        upstream: new DurationHistogram(),
        overhead: new DurationHistogram(),
        bytesIn: 0,
        bytesOut: 0,
      };
      this.services.set(label, service);
    }
    return service;
  }

  #tierOf(service: ServiceTraffic, name: string): TierTraffic {
    const known = service.tiers.get(name);
    if (known !== undefined) return known;
    const label = this.tierLabel.of(name);
    let tier = service.tiers.get(label);
    if (tier === undefined) {
      tier = { costMicros: 0, series: new Map() };
      service.tiers.set(label, tier);
    }
    return tier;
  }
}

function seriesOf(tier: TierTraffic, { method, status }: RequestEvent): Series {
  const label = knownMethod(method);
  let ofMethod = tier.series.get(label);
  if (ofMethod === undefined) {
    ofMethod = [];
    tier.series.set(label, ofMethod);
  }
  for (const series of ofMethod) if (series.status === status) return series;
  const known = STATUS_CODES[status] !== undefined || status === CLIENT_CLOSED_REQUEST ? status : 0;
  for (const series of ofMethod) if (series.status === known) return series;
  const series = { method: label, status: known, duration: new DurationHistogram() };
  ofMethod.push(series);
  return series;
}
