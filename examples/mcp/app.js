import { createGateway } from 'gatewright';

/**
 * A gateway in front of MCP servers.
 *
 * @param {string[]} servers where they are, such as `http://127.0.0.1:16000`
 */
export function createMcpGateway(servers) {
  return createGateway({
    rateLimit: { tiers: { free: { requestsPerMinute: 10, concurrentRequests: 4 } } },
    services: {
      '/mcp': {
        targets: servers,
        stripPrefix: false,
        // A session lives in one server: one key, one server.
        loadBalancing: 'consistent-hash',
        hashBy: 'identity',
        timeouts: { idleMs: 3_600_000 }, // a stream may be quiet for long
        permissions: ['mcp:use'],
      },
    },
  });
}
