import type { MeasurementSource } from '../core/measurement.js';
import type { Forecast } from './forecast.js';

/** Tells what is predicted. A figure that is not known is left out: a 0 would have replicas taken away. */
export function forecastMeasurements(forecast: Forecast): MeasurementSource {
  const known = (value: number | undefined) => (value === undefined ? [] : [{ labels: {}, value }]);
  return {
    measurements: () => [
      {
        name: 'gateway_forecast_requests_per_second',
        help: 'Predicted rate of requests to this process.',
        type: 'gauge',
        labels: [],
        read: () => known(forecast.requestsPerSecond),
      },
      {
        name: 'gateway_forecast_recommended_replicas',
        help: 'Replicas that the predicted rate needs.',
        type: 'gauge',
        labels: [],
        read: () => known(forecast.recommendedReplicas),
      },
    ],
  };
}
