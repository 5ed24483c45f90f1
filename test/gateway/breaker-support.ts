import type { GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream } from './support.js';

/** A gateway with `kgot`, which fails, and `spare`, which answers with the path that it was asked for. */
export async function withSpare(
  kgot: object = {},
  spare: object = {},
  options: Partial<GatewayOptions> = {},
) {
  const broken = await upstream((_req, res) => res.writeHead(500).end('broken'));
  const well = await upstream((req, res) => res.end(`spare ${req.url}`));
  const gateway = gatewayOf({
    authenticate: { adminKey },
    rateLimit: false,
    circuitBreaker: { breaker: 'consecutive', consecutiveFailures: 1 },
    ...options,
    services: {
      '/api/kgot': { targets: [broken.url], circuitBreaker: { failover: ['spare'] }, ...kgot },
      '/spare': { targets: [well.url], ...spare },
    },
  });
  const { url, server } = await serve(gateway.listener);
  const ask = (path: string, key = adminKey, headers: Record<string, string> = {}) =>
    send(url, path, { headers: { ...(key !== '' && { 'X-API-Key': key }), ...headers } });
  /** Sends a request that opens the breaker of `kgot`. */
  const open = (path = '/api/kgot/x') => ask(path);
  return { gateway, url, server, ask, open, broken, well };
}
