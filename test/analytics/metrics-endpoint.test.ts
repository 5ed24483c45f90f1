import { expect, test } from '@jest/globals';
import { analytics } from 'gatewright/analytics';
import { send, serve } from '../helpers.js';

/** The endpoint's answer to a client that accepts this. */
async function ask(accept: string | undefined, method = 'GET') {
  const { endpoint } = analytics();
  const { url } = await serve((req, res) => void endpoint(req, res));
  return send(url, '/', { method, headers: accept === undefined ? {} : { Accept: accept } });
}

const json = 'application/json; charset=utf-8';
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
    prometheus,
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
