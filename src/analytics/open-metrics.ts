import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** The media type of OpenMetrics 1.0. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0';

/**
 * The metrics of a registry as OpenMetrics text. A registry that makes it by itself renames its counters for good, and
 * answers one format only: it is given copies.
 */
export async function openMetrics(registry: Registry): Promise<string> {
  const copies = new Registry<OpenMetricsContentType>();
  copies.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) {
    const { name, help, type, values, aggregator } = await (metric as unknown as Metric).get();
    const family = (type as unknown) === 'counter' ? name.replace(/_total$/, '') : name;
    copies.registerMetric({
      name: family,
      type,
      get: async () => ({ name: family, help, type, values, aggregator }),
    } as unknown as Metric);
  }
  return copies.metrics();
}
