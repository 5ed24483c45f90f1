import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { Client, fetch, request, stream } from 'undici';
import { cleanup } from '../helpers.js';
import { gatewayTo, transports } from './support.js';

async function echo(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await text(req);
  res.setHeader('Set-Cookie', ['a=1', 'b=2']);
  res.end(`${req.method} ${req.url} ${body}`);
}

describe.each(transports)('the undici package over %s', (_name, transport) => {
  const open = async (answer: Parameters<typeof gatewayTo>[0] = echo) => {
    const { base, key, url } = await gatewayTo(answer, transport());
    return { url, base, headers: { 'X-API-Key': key } };
  };

  test('fetch: a stream up, a stream down, cookies apart', async () => {
    const { base, headers } = await open();
    const body = Readable.toWeb(Readable.from([Buffer.from('grüß '), Buffer.from('Gott')]));
    const answer = await fetch(`${base}/x?y`, { method: 'POST', headers, body, duplex: 'half' } as never);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, ['a=1', 'b=2']]);
    expect(await answer.text()).toBe('POST /x?y grüß Gott');
  });

  test('fetch: aborted in mid-stream, the upstream learns of it', async () => {
    const told = new EventEmitter();
    const { base, headers } = await open((_req, res) => {
      res.write('one');
      res.once('close', () => told.emit('closed'));
    });
    const closed = once(told, 'closed');
    const abort = new AbortController();
    const answer = await fetch(base, { headers, signal: abort.signal });
    await answer.body?.getReader().read();
    abort.abort();
    await closed;
  });

  test('fetch: a redirect is its own to follow', async () => {
    const { base, headers } = await open((req, res) => {
      if (req.url === '/to') res.end('there');
      else res.writeHead(307, { Location: '/api/llm/to' }).end();
    });
    const answer = await fetch(`${base}/from`, { headers });
    expect([answer.redirected, await answer.text()]).toEqual([true, 'there']);
  });

  test('request: a body and trailers', async () => {
    const { base, headers } = await open((_req, res) => {
      res.writeHead(200, { Trailer: 'X-Checksum' }).write('body');
      res.addTrailers({ 'X-Checksum': '7' });
      res.end();
    });
    const answer = await request(base, { headers });
    expect(await answer.body.text()).toBe('body');
    expect(answer.trailers).toEqual({ 'x-checksum': '7' });
  });

  test('stream: into whatever is given', async () => {
    const { base, headers } = await open();
    const chunks: Buffer[] = [];
    const into = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    await stream(`${base}/x`, { method: 'PUT', headers, body: 'up' }, () => into);
    expect(String(Buffer.concat(chunks))).toBe('PUT /x up');
  });

  test('pipelining: each request gets its own answer, in whatever order the upstream gives them', async () => {
    const paths = Array.from({ length: 20 }, (_, at) => `/${at}`);
    const waiting: (() => void)[] = [];
    const { url, headers } = await open((req, res) => {
      waiting.push(() => res.end(`for ${req.url}`));
      if (waiting.length === paths.length) for (const answer of waiting.reverse()) answer();
    });
    const client = new Client(url, { pipelining: paths.length });
    cleanup(() => client.destroy());
    const answers = await Promise.all(
      paths.map(async (path) => {
        const { body } = await client.request({
          method: 'GET',
          path: `/api/llm${path}`,
          headers,
          blocking: false,
        });
        return body.text();
      }),
    );
    expect(answers).toEqual(paths.map((path) => `for ${path}`));
  });
});
