import type { GatewayOptions } from './options.js';

/** What the options hold that is the user's, and that a part would close. */
export function ownedPorts(options: GatewayOptions): Set<object> {
  const { apiKeys } = options.authenticate || {};
  const { store } = options.rateLimit || {};
  const { sinks = [] } = options.analytics || {};
  const keys = apiKeys === false ? undefined : apiKeys?.store;
  return new Set(
    [options.transport, store, keys, ...sinks.filter(isPort)].filter((port) => port !== undefined),
  );
}

/** Whether it is an object of the user's, and not the description of one that is made. */
export function isPort(sink: object): boolean {
  return 'write' in sink;
}
