import { AggregatorRegistry, type Registry } from 'prom-client';

/** The metrics of one process, as they go from one to another. */
export type ProcessMetrics = readonly object[];

/** Asks the other processes that serve the same port for their metrics. */
export type Gather = () => Promise<readonly ProcessMetrics[]>;

/** The metrics of a registry, in the form in which they go to another process. */
export async function processMetrics(registry: Registry): Promise<ProcessMetrics> {
  return registry.getMetricsAsJSON();
}

/** One registry of those of all processes: each metric is summed up, or what else it says. */
export async function gathered(registry: Registry, gather: Gather | undefined): Promise<Registry> {
  if (gather === undefined) return registry;
  const all = [await processMetrics(registry), ...(await gather())];
  // The types of what is aggregated are not exported.
  return AggregatorRegistry.aggregate(all as object[][] as never) as Registry;
}
