import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { gatewayTo, transports } from './support.js';

/** One event of a streamed chat completion. */
function event(content: string): string {
  const chunk = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm' };
  return `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
}

const question = {
  model: 'm',
  messages: [{ role: 'user' as const, content: 'Grüß Gott' }],
};
const completion = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
};

describe.each(transports)('the openai package over %s', (_name, transport) => {
  async function clientOf(answer: (req: IncomingMessage, res: ServerResponse, body: unknown) => void) {
    const bodies: unknown[] = [];
    const { base, key, behind } = await gatewayTo(async (req, res) => {
      bodies.push(await json(req));
      answer(req, res, bodies.at(-1));
    }, transport());
    return { client: new OpenAI({ baseURL: `${base}/v1`, apiKey: key }), bodies, behind };
  }

  test('streams: each piece is there before the next one is written', async () => {
    const asked = new EventEmitter();
    const { client, bodies } = await clientOf((req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      res.write(event('one'));
      asked.on('next', (piece: string | undefined) =>
        piece === undefined ? res.end('data: [DONE]\n\n') : res.write(event(piece)),
      );
      expect([req.url, req.headers.authorization]).toEqual(['/v1/chat/completions', undefined]);
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    const more = ['zwei: ä', undefined];
    const pieces: unknown[] = [];
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content);
      asked.emit('next', more.shift());
    }
    expect(pieces).toEqual(['one', 'zwei: ä']);
    expect(bodies).toEqual([{ ...question, stream: true }]);
  });

  test('aborts in mid-stream, and the upstream learns of it', async () => {
    const asked = new EventEmitter();
    const { client } = await clientOf((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(event('one'));
      res.once('close', () => asked.emit('closed', res.writableFinished));
    });
    const closed = once(asked, 'closed');
    const stream = await client.chat.completions.create({ ...question, stream: true });
    for await (const _ of stream) stream.controller.abort();
    expect(await closed).toEqual([false]);
  });

  test.each([429, 500, 503])('asks again after a %d of the upstream', async (status) => {
    const counts: unknown[] = [];
    const { client } = await clientOf((req, res) => {
      counts.push(req.headers['x-stainless-retry-count']);
      res.setHeader('Content-Type', 'application/json');
      if (counts.length > 1) res.end(JSON.stringify(completion));
      else res.writeHead(status, { 'Retry-After-Ms': '1' }).end('{"error":{"message":"later"}}');
    });
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe('whole');
    expect(counts).toEqual(['0', '1']);
  });

  test('reads the upstream’s error, its status and its fields', async () => {
    const { client } = await clientOf((_req, res) => {
      res.writeHead(400, { 'Content-Type': 'application/json', 'X-Request-Id': 'theirs' });
      res.end('{"error":{"message":"no such model","type":"invalid_request_error","code":"model"}}');
    });
    await expect(client.chat.completions.create(question)).rejects.toMatchObject({
      status: 400,
      code: 'model',
      type: 'invalid_request_error',
      requestID: expect.any(String),
    });
  });

  test('sees a wrong key refused by the gateway as it would by the upstream', async () => {
    const { client } = await clientOf((_req, res) => res.end());
    const stranger = client.withOptions({ apiKey: `gw_${'x'.repeat(43)}` });
    await expect(stranger.chat.completions.create(question)).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });

  test('fails where the stream is cut in its midst', async () => {
    const { client } = await clientOf((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(event('one'), () => res.destroy());
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    const all = async () => {
      for await (const _ of stream);
    };
    await expect(all()).rejects.toThrow();
  });
});
