import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { cleanup } from '../helpers.js';
import { gateway, upstream } from './support.js';

// With Node's own timers: a held clock lets a timer that was cleared be refreshed, and Node doesn't.
test('an answer that stops coming is cut, though it had to wait for its client before', async () => {
  const { url: target } = await upstream((_req, res) => res.write(Buffer.alloc(1_000_000)));
  const { url } = await gateway({ services: { '/': { targets: [target], timeouts: { idleMs: 500 } } } });
  const client = get(url, { agent: false });
  cleanup(() => client.destroy());
  const [answer] = (await once(client, 'response')) as [IncomingMessage];
  answer.resume();
  const [error] = await once(answer, 'error');
  expect([String(error), answer.complete]).toEqual(['Error: aborted', false]);
});
