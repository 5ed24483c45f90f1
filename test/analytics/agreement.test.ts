import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { type GatewayOptions, type RunningGateway, startGateway } from 'gatewright';
import { analytics } from 'gatewright/analytics';
import { cleanup, serve } from '../helpers.js';
import { RedisServer } from '../redis-server.js';

const REQUESTS = process.env['SOAK'] ? 1_000_000 : 10_000;
const AT_A_TIME = 64;

const statuses = [200, 200, 200, 201, 404, 429, 500, 503];
const keys = ['one', 'two', 'three'].map((id) => ({
  id,
  key: `key-of-${id}-which-is-long-enough-for-a-key`,
  tier: id === 'three' ? 'premium' : 'basic',
}));

/** What a request is, by its number: everything about it is known beforehand. */
function known(at: number) {
  const status = statuses[(at * 7) % statuses.length] as number;
  const micros = (at * 37) % 5000;
  const key = keys[at % keys.length] as (typeof keys)[number];
  const isRefused = at % 50 === 49;
  return { status: isRefused ? 401 : status, micros: isRefused ? 0 : micros, key, isRefused };
}

type Sums = { requests: number; errors: number; micros: number };

function expected() {
  const codes: Record<string, number> = {};
  const bySubject: Record<string, Sums> = {};
  const total: Sums = { requests: 0, errors: 0, micros: 0 };
  for (let at = 0; at < REQUESTS; at += 1) {
    const { status, micros, key, isRefused } = known(at);
    codes[status] = (codes[status] ?? 0) + 1;
    const subject = isRefused ? 'ip:127.0.0.1' : `custom:${key.id}`;
    bySubject[subject] ??= { requests: 0, errors: 0, micros: 0 };
    for (const sums of [total, bySubject[subject]]) {
      sums.requests += 1;
      sums.micros += micros;
      if (status >= 500) sums.errors += 1;
    }
  }
  return { codes, bySubject, total };
}

/** Sends requests one after the other to whichever replica is there. */
async function load(replicas: () => readonly RunningGateway[], next: () => number | undefined, agent: Agent) {
  for (let at = next(); at !== undefined; at = next()) {
    const all = replicas();
    const { server } = all[at % all.length] as RunningGateway;
    const { port } = server.address() as AddressInfo;
    const { status, micros, key, isRefused } = known(at);
    const path = `/api/kgot/${status}/${micros}`;
    const headers = { 'X-Key': isRefused ? 'nobody' : key.key };
    const got = await new Promise<number>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, agent }, (res) => {
        res.resume().once('end', () => resolve(res.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
    if (got !== status) throw new Error(`Request ${at} got ${got}, not ${status}`);
  }
}

/** The sums of a metric by one of its labels, over several texts of Prometheus. */
function summed(texts: readonly string[], metric: string, label: string): Record<string, number> {
  const sums: Record<string, number> = {};
  const line = new RegExp(`^${metric}\\{(.*)\\} ([\\d.e+-]+)$`, 'gm');
  for (const text of texts) {
    for (const [, labels, value] of text.matchAll(line)) {
      const name = new RegExp(`${label}="([^"]*)"`).exec(labels ?? '')?.[1] ?? '';
      sums[name] = (sums[name] ?? 0) + Number(value);
    }
  }
  return sums;
}

test(
  'what two replicas have counted agrees, one being closed under load, to the last request and micro-dollar',
  async () => {
    const behind = await serve((req, res) => {
      const [, status, micros] = (req.url ?? '').split('/');
      res.statusCode = Number(status);
      res.setHeader('X-Request-Cost', String(Number(micros) / 1_000_000));
      res.end('ok');
    });
    behind.server.keepAliveTimeout = 0;
    const client = (await RedisServer.start()).client();
    const texts: string[] = [];
    const start = async (): Promise<RunningGateway> => {
      const recorder: GatewayOptions['analytics'] = { usage: { maxEntries: 100 } };
      return startGateway({
        host: '127.0.0.1',
        port: 0,
        redis: client,
        // As behind a balancer: what is on its way arrives before connections without a request are closed.
        server: { drainDelayMs: 500 },
        analytics: recorder,
        rateLimit: false,
        circuitBreaker: false,
        authenticate: {
          apiKeys: false,
          lockout: false,
          verify: (req) => {
            const found = keys.find(({ key }) => key === req.headers['x-key']);
            if (found === undefined) return { message: 'Who?', challenge: 'Key' };
            const { id, tier } = found;
            return { identity: { id, method: 'custom', tier, permissions: [], metadata: {} } };
          },
        },
        services: {
          '/api/kgot': {
            targets: [behind.url],
            cost: { estimated: 1, header: 'X-Request-Cost' },
            retries: false,
            ejection: false,
          },
        },
      });
    };
    const running = [await start(), await start()];
    const [first, second] = running as [RunningGateway, RunningGateway];
    cleanup(() => Promise.all([first.close(), second.close()]));
    const agent = new Agent({ keepAlive: true });
    cleanup(() => agent.destroy());
    let at = 0;
    let closing: Promise<unknown> | undefined;
    const next = (): number | undefined => {
      if (at === REQUESTS / 2) {
        running.splice(0, 1);
        closing = first.close();
      }
      at += 1;
      return at <= REQUESTS ? at - 1 : undefined;
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, () => load(() => running, next, agent)));
    await closing;
    for (const { gateway } of [first, second])
      texts.push((await gateway.analytics?.registry.metrics()) ?? '');

    const { codes, bySubject, total } = expected();
    const report = await (await fetch(`${second.url}/metrics`)).json();
    expect(report).toMatchObject({
      scope: 'all',
      metrics: {
        total_requests: total.requests,
        total_cost: total.micros / 1_000_000,
        error_rate: Number((total.errors / total.requests).toFixed(4)),
        status_codes: codes,
      },
    });
    const duration = 'http_server_request_duration_seconds_count';
    expect(summed(texts, duration, 'http_response_status_code')).toEqual(codes);
    const costs = Object.values(summed(texts, 'gateway_cost_dollars_total', 'tier'));
    expect(Math.round(costs.reduce((sum, cost) => sum + cost, 0) * 1_000_000)).toBe(total.micros);

    await second.close();
    const reader = analytics({ redis: client });
    cleanup(() => reader.close());
    const { usage, scope } = await reader.usage({ by: ['subject'] });
    expect(scope).toBe('all');
    expect(
      Object.fromEntries(
        usage.map(({ subject, requests, errors, cost }) => [
          subject,
          { requests, errors, micros: Math.round(cost * 1_000_000) },
        ]),
      ),
    ).toEqual(bySubject);
    expect((await reader.report('all')).metrics.total_requests).toBe(REQUESTS);
  },
  process.env['SOAK'] ? 1_200_000 : 60_000,
);
