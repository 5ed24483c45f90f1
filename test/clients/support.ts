import type { RequestListener } from 'node:http';
import type { GatewayOptions } from 'gatewright';
import type { Transport } from 'gatewright/proxy-router';
import { undiciTransport } from 'gatewright/undici';
import { adminKey, gatewayOf } from '../gateway/support.js';
import { serve } from '../helpers.js';

export { until } from '../proxy-router/support.js';

/** Both transports, by name; undefined is the default. */
export const transports: readonly (readonly [string, () => Transport | undefined])[] = [
  ['http-proxy-middleware', () => undefined],
  ['undici', () => undiciTransport()],
];

/** A gateway to an upstream of these answers, and an API key for it. */
export async function gatewayTo(
  answer: RequestListener,
  transport: Transport | undefined,
  options: Partial<GatewayOptions> = {},
) {
  const behind = await serve(answer);
  const gateway = gatewayOf({
    services: { '/api/llm': behind.url },
    authenticate: { adminKey },
    transport,
    ...options,
  });
  const key = await gateway.apiKeys?.create({ name: 'a client', tier: 'enterprise' });
  const server = await serve(gateway.listener);
  return { ...server, behind, gateway, key: key?.key ?? '', base: `${server.url}/api/llm` };
}
