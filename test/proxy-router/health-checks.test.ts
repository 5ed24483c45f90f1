import { describe, expect, test } from '@jest/globals';
import { GatewayEvents } from 'gatewright';
import type { ServiceOptions } from 'gatewright/proxy-router';
import { send } from '../helpers.js';
import { gateway, rawUpstream, until, upstream } from './support.js';

/** An upstream that is as well as it is told to be, by its name. */
async function patient(name: string) {
  const state = { healthy: true, probes: 0, requests: 0 };
  const target = await upstream((req, res) => {
    if (req.url === '/health') {
      state.probes += 1;
      res.statusCode = state.healthy ? 200 : 500;
    } else state.requests += 1;
    res.end(name);
  });
  return { ...target, state };
}

async function watched(targets: readonly string[], options: Partial<ServiceOptions> = {}) {
  const events = new GatewayEvents();
  const changes: string[] = [];
  events.on('target', ({ service, target, up, by }) =>
    changes.push(`${service} ${targets.indexOf(target)} ${up ? 'up' : 'down'} ${by}`),
  );
  const services = { '/': { targets: [...targets], ...options } };
  return { ...(await gateway({ services, events })), changes };
}

const healthCheck = { intervalMs: 10 };

describe('health checks', () => {
  test('take a target out and bring it back', async () => {
    const [a, b] = [await patient('a'), await patient('b')];
    const { url, router, changes } = await watched([a.url, b.url], { healthCheck, retries: false });
    a.state.healthy = false;
    await until(() => changes.length === 1);
    expect(router.targets.list('root')).toMatchObject([{ healthy: false }, { healthy: true }]);
    for (let turn = 0; turn < 4; turn += 1) expect((await send(url, '/')).body).toBe('b');
    a.state.healthy = true;
    await until(() => changes.length === 2);
    await until(async () => (await send(url, '/')).body === 'a');
    expect(changes).toEqual(['root 0 down health_check', 'root 0 up health_check']);
  });

  test('need as many answers in a row as the thresholds say', async () => {
    const a = await patient('a');
    const { changes } = await watched([a.url], {
      healthCheck: { ...healthCheck, unhealthyThreshold: 3, healthyThreshold: 4 },
    });
    await until(() => a.state.probes > 0);
    a.state.healthy = false;
    const before = a.state.probes;
    await until(() => changes.length === 1);
    expect(a.state.probes - before).toBeGreaterThanOrEqual(3);
    a.state.healthy = true;
    const again = a.state.probes;
    await until(() => changes.length === 2);
    expect(a.state.probes - again).toBeGreaterThanOrEqual(4);
  });

  test.each([
    ['does not answer', {}, () => undefined],
    ['breaks', {}, (socket: { destroy(): void }) => socket.destroy()],
  ])('find a target ill that %s', async (_what, options, speak) => {
    const a = await rawUpstream(speak as never);
    const { url, router } = await watched([a.url], {
      healthCheck: { ...healthCheck, timeoutMs: 20, ...options },
    });
    await until(() => router.status().services?.['root'] === false);
    const answer = await send(url, '/');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(answer.body)).toEqual({ error: 'Service temporarily unavailable', service: 'root' });
  });

  test('take the status that they are told to', async () => {
    const a = await upstream((req, res) => {
      res.statusCode = req.url === '/base/ready?deep=1' ? 401 : 200;
      res.end();
    });
    const { router } = await watched([`${a.url}/base`], {
      healthCheck: { ...healthCheck, path: '/ready?deep=1', expectedStatus: 401, unhealthyThreshold: 1 },
    });
    await until(() => a.seen.length > 3);
    expect(router.status()).toEqual({ services: { root: true } });
  });

  test('that find nobody well leave all in panic mode', async () => {
    const a = await patient('a');
    const { url, router } = await watched([a.url], { healthCheck, panic: true });
    a.state.healthy = false;
    await until(() => router.targets.list('root')[0]?.healthy === false);
    expect((await send(url, '/')).body).toBe('a');
  });

  test('stop with the router', async () => {
    const a = await patient('a');
    const { router } = await watched([a.url], { healthCheck });
    await until(() => a.state.probes > 1);
    await router.close();
    const { probes } = a.state;
    await until(async () => {
      const connections = await new Promise((resolve) =>
        a.server.getConnections((_e, count) => resolve(count)),
      );
      return connections === 0;
    });
    expect(a.state.probes - probes).toBeLessThanOrEqual(1);
  });
});

describe('a target that fails several requests in a row', () => {
  test('is out for a while, and is back by itself', async () => {
    const [a, b] = [await rawUpstream((socket) => socket.destroy()), await upstream()];
    const { url, changes, router } = await watched([a.url, b.url], {
      ejection: { failures: 2, baseMs: 2000 },
      retries: false,
    });
    const statuses = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await send(url, '/')).status);
    expect(statuses.filter((status) => status === 502)).toHaveLength(2);
    expect(changes).toEqual(['root 0 down ejection']);
    expect(router.targets.list('root')).toMatchObject([{ ejected: true }, { ejected: false }]);
    expect((await send(url, '/')).status).toBe(200);
    await until(async () => (await send(url, '/')).status === 502);
    expect(router.targets.list('root')).toMatchObject([{ ejected: false }, { ejected: false }]);
  });

  test('stays where too many would be out', async () => {
    const dead = await Promise.all([1, 2, 3].map(() => rawUpstream((socket) => socket.destroy())));
    const { url, router } = await watched(
      dead.map((each) => each.url),
      { ejection: { failures: 1, maxShare: 0.5 }, retries: false },
    );
    for (let turn = 0; turn < 9; turn += 1) expect((await send(url, '/')).status).toBe(502);
    expect(router.targets.list('root').filter(({ ejected }) => ejected)).toHaveLength(1);
  });

  test('is brought back by a health check', async () => {
    const a = await patient('a');
    const b = await patient('b');
    let broken = true;
    a.server.prependListener('request', (req) => {
      if (broken && req.url !== '/health') req.socket.destroy();
    });
    const { url, changes } = await watched([a.url, b.url], {
      ejection: { failures: 1, baseMs: 300_000 },
      healthCheck,
      retries: { backoffMs: 0 },
    });
    await until(async () => {
      await send(url, '/');
      return changes.length > 0;
    });
    broken = false;
    await until(async () => (await send(url, '/')).body === 'a');
    expect(changes.slice(0, 2)).toEqual(['root 0 down ejection', 'root 0 up health_check']);
  });

  test('is one that says 502, 503 or 504, not 500', async () => {
    const answers = [500, 500, 500, 504, 503];
    const a = await upstream((_req, res) => {
      res.statusCode = answers.shift() ?? 200;
      res.end();
    });
    const b = await upstream();
    const { url, changes } = await watched([a.url, b.url], { ejection: { failures: 2 }, retries: false });
    while (answers.length > 1) await send(url, '/');
    expect(changes).toEqual([]);
    while (answers.length > 0) await send(url, '/');
    expect(changes).toEqual(['root 0 down ejection']);
  });
});

test('a target that is back is given its share little by little', async () => {
  const [a, b] = [await patient('a'), await patient('b')];
  const { url, changes } = await watched([a.url, b.url], { healthCheck, slowStartMs: 3_600_000 });
  a.state.healthy = false;
  await until(() => changes.length === 1);
  a.state.healthy = true;
  await until(() => changes.length === 2);
  const before = { a: a.state.requests, b: b.state.requests };
  for (let turn = 0; turn < 44; turn += 1) await send(url, '/');
  // A tenth of the other's.
  expect([a.state.requests - before.a, b.state.requests - before.b]).toEqual([4, 40]);
});
