import type { GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream } from './support.js';

/** A gateway served directly, and what asks its endpoints for keys. */
export async function keyed(options: Partial<GatewayOptions> = {}, base = '/api/auth/api-key') {
  const behind = await upstream();
  const gateway = gatewayOf({
    services: { '/api/kgot': behind.url },
    authenticate: { adminKey },
    ...options,
  });
  const { url } = await serve(gateway.listener);
  /** What an endpoint answers, and its body as JSON if it is. */
  const ask = async (method: string, path = '', body?: unknown, key = adminKey) => {
    const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const answer = await send(url, base + path, {
      method,
      headers: { 'X-API-Key': key },
      ...(text !== undefined && { body: text }),
    });
    const isJson = answer.body !== '' && answer.headers['content-type']?.includes('json');
    return { ...answer, json: isJson ? JSON.parse(answer.body) : undefined };
  };
  const create = async (wanted: object, key = adminKey) => (await ask('POST', '', wanted, key)).json;
  const use = async (key: string): Promise<number> =>
    (await send(url, '/api/kgot/x', { headers: { 'X-API-Key': key } })).status;
  return { url, gateway, ask, create, use };
}
