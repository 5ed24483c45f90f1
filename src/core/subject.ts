import type { GatewayContext } from './context.js';

/** Whom limits and usage are counted for: `key:<id>`, or `ip:<address>` for whoever has no identity. */
export function subjectOf(context: GatewayContext): string {
  const identity = context.identity;
  if (identity === undefined || identity.method === 'anonymous') return `ip:${context.clientIp}`;
  return `key:${identity.id}`;
}
