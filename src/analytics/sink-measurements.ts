import type { MeasurementSource } from '../core/measurement.js';
import type { SinkCounts } from './sink.js';

/** Tells what has become of the events that were given to sinks. */
export function sinkMeasurements(counts: () => readonly SinkCounts[]): MeasurementSource {
  return {
    measurements: () => [
      {
        name: 'gateway_sink_events_total',
        help: 'Request events that a sink has taken.',
        type: 'counter',
        labels: ['sink'],
        read: () => counts().map(({ sink, written }) => ({ labels: { sink }, value: written })),
      },
      {
        name: 'gateway_sink_events_lost_total',
        help: 'Request events that a sink has not got, by the reason.',
        type: 'counter',
        labels: ['sink', 'reason'],
        read: () =>
          counts().flatMap(({ sink, lost }) =>
            Object.entries(lost).map(([reason, value]) => ({ labels: { sink, reason }, value })),
          ),
      },
      {
        name: 'gateway_sink_events_buffered',
        help: 'Request events that wait for a sink.',
        type: 'gauge',
        labels: ['sink'],
        read: () => counts().map(({ sink, buffered }) => ({ labels: { sink }, value: buffered })),
      },
    ],
  };
}
