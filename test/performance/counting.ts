import { createHook } from 'node:async_hooks';
import { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { createGateway, type Gateway, type GatewayOptions } from 'gatewright';
import { drive, HeldTransport } from '../../benchmarks/in-process.mjs';
import { everything, serviceOf } from '../../benchmarks/layers.mjs';
import { cleanup } from '../helpers.js';

/** How many requests are counted. */
export const REQUESTS = 320;

/** A gateway with everything on and two targets, and who sends it requests with an API key. */
export interface Chain {
  readonly gateway: Gateway;
  /** Sends so many requests, and resolves when all are answered with 200. */
  send(count: number): Promise<void>;
  /** Sends so many that are over their limit. */
  sendRefused(count: number): Promise<void>;
}

/** A chain that has answered requests before, so that what is made once has been made. */
export async function warmChain(options: Partial<GatewayOptions> = {}): Promise<Chain> {
  const transport = new HeldTransport();
  const services = serviceOf(['http://127.0.0.1:1', 'http://127.0.0.1:2']);
  const gateway = createGateway({ ...everything, services, transport, endpoints: false, ...options });
  cleanup(() => gateway.close());
  const keyOf = async (tier: string): Promise<Record<string, string>> => {
    const created = await gateway.apiKeys?.create({ name: tier, tier });
    return { 'X-API-Key': created?.key ?? '' };
  };
  const headers = await keyOf('bench');
  const refused = await keyOf('refused');
  const chain: Chain = {
    gateway,
    send: (count) => drive(gateway.listener, count, { transport, headers }),
    sendRefused: (count) => drive(gateway.listener, count, { transport, headers: refused, status: 429 }),
  };
  await chain.send(REQUESTS);
  await drive(gateway.listener, 1, { transport, headers: refused });
  await chain.sendRefused(REQUESTS);
  return chain;
}

/** What was done while something ran: asynchronous resources by their type, and calls by their name. */
export type Counts = Record<string, number>;

/** Counts the asynchronous resources that Node makes: promises, timers, ticks. */
export async function countingResources(action: () => Promise<void>): Promise<Counts> {
  const counts: Counts = {};
  const hook = createHook({
    init(_id, type) {
      counts[type] = (counts[type] ?? 0) + 1;
    },
  });
  await setImmediate();
  hook.enable();
  try {
    await action();
  } finally {
    hook.disable();
  }
  return counts;
}

/** Counts what is called that is dear, or that is to be done once, when a gateway is made. */
export async function countingCalls(action: () => Promise<void>): Promise<Counts> {
  const counts: Counts = { Error: 0, RegExp: 0, URL: 0 };
  const original = { Error: globalThis.Error, RegExp: globalThis.RegExp, URL: globalThis.URL };
  const counted = <Class extends object>(name: string, Class: Class): Class =>
    new Proxy(Class, {
      construct(target, given, newTarget) {
        counts[name] = (counts[name] ?? 0) + 1;
        return Reflect.construct(target as never, given, newTarget) as object;
      },
    });
  globalThis.Error = counted('Error', original.Error);
  globalThis.RegExp = counted('RegExp', original.RegExp);
  globalThis.URL = counted('URL', original.URL);
  const spies = {
    setTimeout: jest.spyOn(globalThis, 'setTimeout'),
    setHeader: jest.spyOn(ServerResponse.prototype, 'setHeader'),
  };
  try {
    await action();
    for (const [name, spy] of Object.entries(spies)) counts[name] = spy.mock.calls.length;
  } finally {
    Object.assign(globalThis, original);
    for (const spy of Object.values(spies)) spy.mockRestore();
  }
  return counts;
}

/** So much of each for one request. */
export function perRequest(counts: Counts, requests = REQUESTS): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / requests]));
}
