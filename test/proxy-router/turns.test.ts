import { once } from 'node:events';
import { IncomingMessage, request, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { BadRequestError } from '../../src/core/errors.js';
import { sendError } from '../../src/core/send-error.js';
import { AnswerBody } from '../../src/proxy-router/answer-body.js';
import { sendAttempt } from '../../src/proxy-router/send-attempt.js';
import { cleanup, serve } from '../helpers.js';

// Whoever waits for the other side is woken once for all that is written in one turn of the event loop.

/** A response whose client has it, and the answer that this client gets. */
async function responding() {
  let got: (res: ServerResponse) => void;
  const asked = new Promise<ServerResponse>((resolve) => {
    got = resolve;
  });
  const { port } = await serve((_req, res) => got(res));
  const client = request({ port, agent: false }).end();
  cleanup(() => client.destroy());
  const answer = once(client, 'response') as Promise<[IncomingMessage]>;
  answer.catch(() => undefined); // Whoever is interested waits for it.
  return { res: await asked, answer };
}

const flow = () => ({ pause: jest.fn(), resume: jest.fn() });

describe('an answer', () => {
  test('is written at the end of the turn, its head and its pieces in one', async () => {
    const { res, answer } = await responding();
    const written = jest.spyOn(res.socket as NonNullable<typeof res.socket>, '_writev' as never);
    const body = new AnswerBody(res, flow());
    body.write(Buffer.from('one '));
    body.write(Buffer.from('two'));
    body.end();
    expect([res.headersSent, res.writableEnded]).toEqual([false, false]);
    await turn();
    expect([res.headersSent, res.writableEnded]).toEqual([true, true]);
    expect(await text((await answer)[0])).toBe('one two');
    expect(written).toHaveBeenCalledTimes(1);
  });

  test('does not wait with more than 64 KiB', async () => {
    const { res, answer } = await responding();
    const body = new AnswerBody(res, flow());
    body.write(Buffer.alloc(65_535));
    expect(res.headersSent).toBe(false);
    body.write(Buffer.alloc(1));
    expect(res.headersSent).toBe(true);
    body.end();
    expect((await text((await answer)[0])).length).toBe(65_536);
  });

  test('whose client does not take it waits once, however many pieces come', async () => {
    const { res, answer } = await responding();
    const held = flow();
    const body = new AnswerBody(res, held);
    for (let piece = 0; piece < 64; piece++) body.write(Buffer.alloc(1_000_000));
    expect(held.pause).toHaveBeenCalledTimes(1);
    expect(res.listenerCount('drain')).toBe(1);
    const drained = once(res, 'drain');
    const taken = text((await answer)[0]);
    await drained;
    expect(held.resume).toHaveBeenCalledTimes(1);
    body.end();
    expect((await taken).length).toBe(64_000_000);
  });

  test('is written to nobody who has left', async () => {
    const { res } = await responding();
    const body = new AnswerBody(res, flow());
    body.write(Buffer.from('late'));
    body.end();
    res.destroy();
    await turn();
    expect([res.headersSent, res.writableEnded]).toEqual([false, false]);
  });
});

test('a refusal is written at the end of the turn', async () => {
  const { res, answer } = await responding();
  sendError(new BadRequestError('née'), res);
  expect([res.statusCode, res.writableEnded]).toEqual([400, false]);
  const [{ statusCode, headers }, body] = await answer.then(async ([got]) => [got, await text(got)] as const);
  expect([statusCode, headers['content-length']]).toEqual([400, String(Buffer.byteLength(body))]);
  expect(body).toBe('{"error":"Bad request","message":"née"}');
});

describe('a request to an upstream', () => {
  const upload = (length?: string) =>
    Object.assign(new IncomingMessage(new Socket()), { headers: { 'content-length': length } });

  test.each([
    ['without a body', undefined, false],
    ['with bytes', Buffer.from('bytes'), false],
    ['with a short upload', upload('16384'), false],
    ['with a long upload', upload('16385'), true],
    ['with an upload of unknown length', upload(), true],
  ])('%s is sent at once or at the end of the turn', async (_what, body, atOnce) => {
    const send = jest.fn();
    sendAttempt({ body }, send);
    expect(send).toHaveBeenCalledTimes(atOnce ? 1 : 0);
    await turn();
    expect(send).toHaveBeenCalledTimes(1);
  });
});
