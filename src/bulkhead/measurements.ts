import type { Measurement } from '../core/measurement.js';
import type { Bulkheads } from './bulkheads.js';
import type { Places } from './places.js';
import type { Refusals } from './refusals.js';

/** What can be measured of bulkheads: of those that are in use how full they are, and what was refused. */
export function bulkheadMeasurements(bulkheads: Bulkheads, refusals: Refusals): readonly Measurement[] {
  const ofEach = (pick: (places: Places) => number) =>
    [...bulkheads].map(([service, places]) => ({ labels: { service }, value: pick(places) }));
  return [
    {
      name: 'gateway_bulkhead_running',
      help: 'Requests that hold a place of a bulkhead.',
      type: 'gauge',
      labels: ['service'],
      read: () => ofEach(({ running }) => running),
    },
    {
      name: 'gateway_bulkhead_queued',
      help: 'Requests that wait for a place of a bulkhead.',
      type: 'gauge',
      labels: ['service'],
      read: () => ofEach(({ queued }) => queued),
    },
    {
      name: 'gateway_bulkhead_refused_total',
      help: 'Requests that got no place of a bulkhead, by the reason.',
      type: 'counter',
      labels: ['service', 'reason'],
      read: () =>
        [...refusals].flatMap(([service, counts]) =>
          Object.entries(counts).map(([reason, value]) => ({ labels: { service, reason }, value })),
        ),
    },
  ];
}
