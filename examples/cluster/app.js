/**
 * Options of a replica. All of them share keys and limits, as they have the same Redis.
 *
 * @param {{ redis: string, service: string }} where
 * @returns {import('gatewright').GatewayOptions}
 */
export function optionsFor({ redis, service }) {
  return {
    redis,
    rateLimit: {
      tiers: { free: { requestsPerMinute: 6, concurrentRequests: 4 } },
      // While Redis is away each replica decides alone, by half of the limits.
      onStoreError: 'local',
      replicas: 2,
    },
    services: {
      '/api/notes': {
        targets: [service],
        // Shows who has answered. Leave it out where nobody should know.
        headers: { response: { set: { 'X-Worker': String(process.pid) } } },
      },
    },
  };
}
