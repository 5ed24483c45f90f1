import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from '@jest/globals';
import { gatewayTo, transports } from './support.js';

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [] as object[],
  stop_reason: null as string | null,
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 1 },
};
const whole = { ...message, content: [{ type: 'text', text: 'whole' }], stop_reason: 'end_turn' };

/** One event of a streamed message. */
function event(type: string, data: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

function piece(text: string): string {
  return event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
}

const beginning = [
  event('message_start', { message }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('ping'),
].join('');
const end = [
  event('content_block_stop', { index: 0 }),
  event('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 7 },
  }),
  event('message_stop'),
].join('');

const question = {
  model: 'm',
  max_tokens: 10,
  messages: [{ role: 'user' as const, content: 'Grüß Gott' }],
};

describe.each(transports)('the @anthropic-ai/sdk package over %s', (_name, transport) => {
  async function clientOf(answer: (req: IncomingMessage, res: ServerResponse) => void) {
    const bodies: unknown[] = [];
    const { base, key } = await gatewayTo(async (req, res) => {
      bodies.push(await json(req));
      answer(req, res);
    }, transport());
    return { client: new Anthropic({ baseURL: base, apiKey: key, authToken: null }), bodies };
  }

  test('streams: each piece is there before the next one is written', async () => {
    const asked = new EventEmitter();
    const { client, bodies } = await clientOf((req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      res.write(beginning + piece('one '));
      asked.on('next', (text: string | undefined) =>
        text === undefined ? res.end(end) : res.write(piece(text)),
      );
      expect(req.url).toBe('/v1/messages');
      expect(req.headers).toMatchObject({ 'anthropic-version': expect.any(String) });
      expect(req.headers).not.toHaveProperty('x-api-key');
    });
    const stream = client.messages.stream(question);
    const more = ['zwei: ä', undefined];
    stream.on('text', () => asked.emit('next', more.shift()));
    const answer = await stream.finalMessage();
    expect(answer).toMatchObject({
      content: [{ type: 'text', text: 'one zwei: ä' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 7 },
    });
    expect(bodies).toEqual([{ ...question, stream: true }]);
  });

  test('aborts in mid-stream, and the upstream learns of it', async () => {
    const asked = new EventEmitter();
    const { client } = await clientOf((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(beginning + piece('one'));
      res.once('close', () => asked.emit('closed', res.writableFinished));
    });
    const closed = once(asked, 'closed');
    const stream = client.messages.stream(question);
    stream.on('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    expect(await closed).toEqual([false]);
  });

  test.each([429, 500, 529])('asks again after a %d of the upstream', async (status) => {
    const counts: unknown[] = [];
    const { client } = await clientOf((req, res) => {
      counts.push(req.headers['x-stainless-retry-count']);
      res.setHeader('Content-Type', 'application/json');
      if (counts.length > 1) res.end(JSON.stringify(whole));
      else {
        res.writeHead(status, { 'Retry-After-Ms': '1' });
        res.end('{"type":"error","error":{"type":"overloaded_error","message":"later"}}');
      }
    });
    expect(await client.messages.create(question)).toMatchObject({ content: [{ text: 'whole' }] });
    expect(counts).toEqual(['0', '1']);
  });

  test('reads the upstream’s error', async () => {
    const { client } = await clientOf((_req, res) => {
      res.writeHead(400, { 'Content-Type': 'application/json' });
      res.end('{"type":"error","error":{"type":"invalid_request_error","message":"no such model"}}');
    });
    await expect(client.messages.create(question)).rejects.toMatchObject({
      status: 400,
      error: { error: { type: 'invalid_request_error' } },
    });
  });

  test('sees a wrong key refused by the gateway as it would by the upstream', async () => {
    const { client } = await clientOf((_req, res) => res.end());
    const stranger = client.withOptions({ apiKey: `gw_${'x'.repeat(43)}` });
    await expect(stranger.messages.create(question)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });
});
