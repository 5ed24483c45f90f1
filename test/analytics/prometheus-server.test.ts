import { beforeAll, expect, test } from '@jest/globals';
import { type RunningGateway, startGateway } from 'gatewright';
import type { Registry } from 'prom-client';
import { gathered, processMetrics } from '../../src/analytics/gather.js';
import { upstream } from '../gateway/support.js';
import { cleanup, send } from '../helpers.js';
import { startPrometheus } from '../prometheus-server.js';
import { prometheusProgram, promtool } from '../prometheus-tools.js';
import { eventually } from '../redis-support.js';
import { gatewayOfEverything, scrape } from './everything.js';

beforeAll(async () => {
  await prometheusProgram('prometheus');
}, 300_000);

test('promtool finds nothing to complain of in the metrics of a gateway that has seen everything', async () => {
  const { url, gateway } = await gatewayOfEverything();
  const text = await scrape(url);
  expect(text).toContain('gateway_responses_cut_total{service="broken"} 1');
  expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, output: '' });

  const { registry } = gateway.analytics as { registry: Registry };
  const twice = await (await gathered(registry, async () => [await processMetrics(registry)])).metrics();
  expect(await promtool(['check', 'metrics'], twice)).toEqual({ code: 0, output: '' });
  const [, once] = /^(http_server_request_duration_seconds_bucket\{.*le="\+Inf".*\}) \d+$/m.exec(text) ?? [];
  const countIn = (all: string) => Number(all.split(`\n${once} `)[1]?.split('\n')[0]);
  expect(countIn(text)).toBeGreaterThan(0);
  expect(countIn(twice)).toBe(2 * countIn(text));
}, 60_000);

/** A replica, with the content types of what it has answered at `/metrics`. */
async function replica(target: string) {
  const running: RunningGateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    authenticate: false,
    rateLimit: false,
    services: { '/api/kgot': target },
  });
  cleanup(() => running.close());
  const types: unknown[] = [];
  running.server.on('request', (req, res) => {
    if (req.url === '/metrics') res.once('finish', () => types.push(res.getHeader('content-type')));
  });
  return { url: running.url, host: new URL(running.url).host, types };
}

test('a Prometheus scrapes two replicas by OpenMetrics, and adds up what they have counted', async () => {
  const { url: target } = await upstream();
  const replicas = [await replica(target), await replica(target)];
  for (const [at, { url }] of replicas.entries()) {
    for (let turn = 0; turn < 10 + at; turn += 1) await send(url, '/api/kgot');
  }
  const prometheus = await startPrometheus({
    global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
    scrape_configs: [
      { job_name: 'gateway', static_configs: [{ targets: replicas.map(({ host }) => host) }] },
    ],
  });
  await eventually(async () => {
    const targets = await prometheus.targets();
    expect(targets.map(({ health, lastError }) => [health, lastError])).toEqual([
      ['up', ''],
      ['up', ''],
    ]);
  });
  const count = 'http_server_request_duration_seconds_count';
  await eventually(async () => expect(await prometheus.query(`sum(${count})`)).toBe(21));
  expect(await prometheus.query(`sum(${count}{service="kgot",http_response_status_code="200"})`)).toBe(21);
  expect(await prometheus.query('count(http_server_active_requests{job="gateway"} == 0)')).toBe(2);
  for (const { types } of replicas) {
    expect(types.length).toBeGreaterThan(0);
    expect(new Set(types)).toEqual(new Set(['application/openmetrics-text; version=1.0.0; charset=utf-8']));
  }
}, 60_000);
