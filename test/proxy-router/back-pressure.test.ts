import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Readable, type Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { cleanup, serve } from '../helpers.js';
import { gateway } from './support.js';

const piece = Buffer.alloc(65_536, 'x');
const whole = 96 * 2 ** 20;

/** Writes without end, or to `whole`, as fast as the other side takes it. */
function pour(to: Writable) {
  const poured = { bytes: 0 };
  const source = new Readable({
    read() {
      if (poured.bytes >= whole) this.push(null);
      else {
        poured.bytes += piece.length;
        this.push(piece);
      }
    },
  });
  source.pipe(to);
  return poured;
}

/** Waits until nothing has been poured for a good while, counted in turns of the event loop. */
async function stalled(poured: { bytes: number }): Promise<void> {
  let before = -1;
  for (let turns = 0; turns < 500; turns++) {
    if (poured.bytes !== before) turns = 0;
    before = poured.bytes;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function count(from: Readable): Promise<number> {
  let bytes = 0;
  for await (const chunk of from) bytes += chunk.length;
  return bytes;
}

test('an upload waits for an upstream that does not read, instead of filling the memory', async () => {
  const told = new EventEmitter();
  const { url } = await serve((req, res) => told.emit('request', req, res));
  const asked = once(told, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const { port } = await gateway({ services: { '/': url } });
  const client = request({ port, method: 'POST', agent: false });
  cleanup(() => client.destroy());
  const response = once(client, 'response');
  const poured = pour(client);
  const [taken, answer] = await asked;
  await stalled(poured);
  expect(poured.bytes).toBeGreaterThan(0);
  expect(poured.bytes).toBeLessThan(whole / 2);
  expect(await count(taken)).toBe(whole);
  answer.end();
  expect(((await response)[0] as IncomingMessage).statusCode).toBe(200);
});

test('a download waits for a client that does not read, instead of filling the memory', async () => {
  let poured = { bytes: 0 };
  const { url } = await serve((_req, res) => {
    poured = pour(res);
  });
  const { port } = await gateway({ services: { '/': url } });
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  await stalled(poured);
  expect(poured.bytes).toBeGreaterThan(0);
  expect(poured.bytes).toBeLessThan(whole / 2);
  expect(await count(response)).toBe(whole);
});
