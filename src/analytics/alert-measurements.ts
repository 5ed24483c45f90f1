import type { MeasurementSource } from '../core/measurement.js';
import type { Alerts } from './alerts.js';

/** Tells how many alerts of each rule fire. */
export function alertMeasurements(alerts: Alerts): MeasurementSource {
  return {
    measurements: () => [
      {
        name: 'gateway_alerts_firing',
        help: 'Alerts that fire, by their rule.',
        type: 'gauge',
        labels: ['rule'],
        read() {
          const counts = new Map<string, number>();
          for (const { rule } of alerts.firing()) counts.set(rule, (counts.get(rule) ?? 0) + 1);
          return [...counts].map(([rule, value]) => ({ labels: { rule }, value }));
        },
      },
    ],
  };
}
