import { expect, test } from '@jest/globals';
import { analytics } from 'gatewright/analytics';
import { Counter, Gauge, Registry } from 'prom-client';
import { send, serve } from '../helpers.js';

/** The endpoint's answer to a client that accepts this. */
async function ask(accept: string | undefined, method = 'GET', path = '/metrics') {
  const { endpoint } = analytics();
  const { url } = await serve((req, res) => void endpoint(req, res));
  return send(url, path, { method, headers: accept === undefined ? {} : { Accept: accept } });
}

const json = 'application/json; charset=utf-8';
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const prometheus = 'text/plain; version=0.0.4; charset=utf-8';

test.each<[string, string | undefined, string]>([
  ['a client that says nothing', undefined, json],
  ['curl', '*/*', json],
  ['a client that wants JSON', 'application/json', json],
  ['axios', 'application/json, text/plain, */*', json],
  [
    'a browser',
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    json,
  ],
  ['a client that accepts neither', 'image/png', json],
  ['a client that wants text', 'text/plain', prometheus],
  ['a client that would rather have text', 'application/json;q=0.5, text/plain', prometheus],
  [
    'Prometheus 2',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    openMetrics,
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    prometheus,
  ],
])('answers %s', async (_who, accept, type) => {
  const answer = await ask(accept);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe(type);
  expect(answer.headers['vary']).toBe('Accept');
  if (type === json) expect(JSON.parse(answer.body).period).toBe('current_hour');
  else expect(answer.body).toContain('# TYPE http_server_request_duration_seconds histogram');
});

test('answers HEAD with the fields alone', async () => {
  const answer = await ask('text/plain', 'HEAD');
  expect(answer).toMatchObject({ status: 200, body: '' });
  expect(Number(answer.headers['content-length'])).toBeGreaterThan(0);
});

test('adds to a Vary that is there', async () => {
  const { endpoint } = analytics();
  const { url } = await serve((req, res) => {
    res.setHeader('Vary', 'Origin');
    void endpoint(req, res);
  });
  expect((await send(url, '/')).headers['vary']).toBe('Origin, Accept');
});

test('answers OpenMetrics with counters by their family, an end, and a registry that stays as it was', async () => {
  const registry = new Registry();
  const own = new Counter({
    name: 'orders_total',
    help: 'Orders.',
    labelNames: ['shop'],
    registers: [registry],
  });
  own.inc({ shop: 'a "b"' }, 2);
  const { endpoint } = analytics({ registry });
  const { url } = await serve((req, res) => void endpoint(req, res));
  const headers = { Accept: 'application/openmetrics-text; version=1.0.0' };
  for (let turn = 0; turn < 2; turn += 1) {
    const { body } = await send(url, '/', { headers });
    expect(body).toContain('# TYPE orders counter\norders_total{shop="a \\"b\\""} 2\n');
    expect(body).toContain('# TYPE gateway_request_body_bytes counter');
    expect(body.endsWith('\n# EOF\n')).toBe(true);
  }
  const { body } = await send(url, '/', { headers: { Accept: 'text/plain' } });
  expect(body).toContain('# TYPE orders_total counter\norders_total{shop="a \\"b\\""} 2\n');
});

test('refuses a scope that is none, wherever it is mounted', async () => {
  expect(await ask(undefined, 'GET', '/metrics?scope=world')).toMatchObject({
    status: 400,
    body: '{"error":"Bad request","message":"`scope` must be all or local."}',
  });
  expect(JSON.parse((await ask(undefined, 'GET', '/metrics?scope=all')).body).scope).toBe('local');
});

test('answers 500 where a metric of the user’s throws', async () => {
  const registry = new Registry();
  new Gauge({
    name: 'broken',
    help: 'Throws.',
    registers: [registry],
    collect() {
      throw new Error('secret');
    },
  });
  const { endpoint } = analytics({ registry });
  const { url } = await serve((req, res) => void endpoint(req, res));
  const answer = await send(url, '/', { headers: { Accept: 'text/plain' } });
  expect(answer).toMatchObject({ status: 500, body: '{"error":"Internal server error"}' });
});

test('adds metrics of the process where they are asked for', async () => {
  const { registry, close } = analytics({ processMetrics: true });
  expect(await registry.metrics()).toContain('nodejs_eventloop_lag_seconds');
  await close();
});
