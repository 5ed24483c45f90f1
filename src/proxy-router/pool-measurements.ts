import type { Measurement } from '../core/measurement.js';
import type { Service } from './service.js';

/** What can be measured of the targets of services. They are as many as were configured or added by the program. */
export function poolMeasurements(services: readonly Service[]): readonly Measurement[] {
  return [
    {
      name: 'gateway_target_requests_running',
      help: 'Requests that run on a target.',
      type: 'gauge',
      labels: ['service', 'target'],
      read: () =>
        services.flatMap(({ name, pool }) =>
          pool.targets.map(({ origin, outstanding }) => ({
            labels: { service: name, target: origin },
            value: outstanding,
          })),
        ),
    },
    {
      name: 'gateway_pool_queued_requests',
      help: 'Requests that wait for a connection to a target of a service.',
      type: 'gauge',
      labels: ['service'],
      read: () => services.map(({ name, pool }) => ({ labels: { service: name }, value: pool.queued })),
    },
  ];
}
