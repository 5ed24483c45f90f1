import { expect, test } from '@jest/globals';
import type { Outcome } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { send, serve } from '../helpers.js';
import { byTransport, keepWarnings, rawUpstream, resolveTo, routerOf } from './support.js';

/** What is logged for a request to a service, and what the client gets. */
async function logged(target: string, path = '/api/kgot/x') {
  const { logger, lines } = keepWarnings();
  const router = routerOf({ services: { '/api/kgot': target }, logger });
  let outcome: Outcome | undefined;
  const { url } = await serve((req, res) => {
    outcome = contextOf(req, res).outcome;
    router(req, res, () => undefined);
  });
  const answer = await send(url, path, { headers: { 'X-Request-Id': 'r1' } }).catch(() => undefined);
  const line = (cause: unknown) => [
    'Upstream failed',
    { requestId: 'r1', service: 'kgot', target: new URL(target).origin, cause },
  ];
  return { answer, lines, outcome, line };
}

test('the cause is for the log and for the outcome, never for the client', async () => {
  const gone = await serve(() => undefined);
  await new Promise((resolve) => gone.server.close(resolve));
  const { answer, lines, outcome, line } = await logged(`${gone.url}/base`);
  expect(lines).toEqual([line(expect.stringMatching('ECONNREFUSED'))]);
  expect(outcome).toMatchObject({ ending: 'finished', cause: { code: 'ECONNREFUSED' } });
  expect(`${answer?.body}${answer?.rawHeaders}`).not.toMatch(/127\.0\.0\.1|ECONN|node:|base|at /);
});

test('a host whose addresses can none be reached is logged too', async () => {
  const gone = await serve(() => undefined);
  await new Promise((resolve) => gone.server.close(resolve));
  resolveTo('upstream.test', ['127.0.0.1', '127.0.0.2']);
  const { answer, lines, line } = await logged(`http://upstream.test:${gone.port}`);
  expect(answer).toMatchObject({ status: 502 });
  expect(lines).toEqual([line('ECONNREFUSED')]);
});

test('an answer that is cut is logged', async () => {
  const { url } = await rawUpstream((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  );
  const { answer, lines, line } = await logged(url);
  expect(answer).toBeUndefined();
  expect(lines).toEqual([line(byTransport({ default: 'aborted', undici: 'other side closed' }))]);
});
