import { once } from 'node:events';
import { type ClientHttp2Session, constants } from 'node:http2';
import { describe, expect, test } from '@jest/globals';
import { ask, gateway } from './http2-support.js';
import { recordingUpstream } from './recording-upstream.js';

const hidden = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

/** A session with a gateway whose upstream keeps every byte. */
async function open() {
  const behind = await recordingUpstream();
  const { client } = await gateway(behind.url);
  return { client, behind };
}

/** The status of the answer, or how the stream ended without one. */
async function outcome(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = client.request(headers, { endStream: body === undefined });
  let status: number | undefined;
  stream.on('response', (answer) => {
    status = answer[':status'];
  });
  stream.on('error', () => undefined);
  stream.resume();
  if (body !== undefined) stream.end(body);
  if (!stream.closed) await once(stream, 'close').catch(() => undefined);
  return status ?? stream.rstCode;
}

const reset = constants.NGHTTP2_PROTOCOL_ERROR;

describe('what would be more than one request in HTTP/1.1 is none in HTTP/2:', () => {
  test.each([
    ['a line in the path', { ':path': '/api/x HTTP/1.1\r\nX-Gateway-Tier: system\r\n\r\n' }, [400, reset]],
    ['a space in the path', { ':path': '/api/x y' }, [400, reset]],
    ['a NUL in the path', { ':path': '/api/x\0' }, [400, reset]],
    ['a host that is not that of the authority', { ':authority': 'a', host: 'b' }, [400, reset]],
    ['an authority that is none', { ':authority': 'a/b' }, [400, reset]],
    ['an authority with a user', { ':authority': 'user@a' }, [400, reset]],
  ])('%s', async (_what, headers, expected) => {
    const { client, behind } = await open();
    expect(expected).toContain(await outcome(client, { ':path': '/api/x', ...headers }));
    expect(behind.connections).toEqual([]);
  });

  test.each([
    ['a length that is too short', String(hidden.length - 5)],
    ['a length that is too long', String(hidden.length + 5)],
    ['a length of nothing', '0'],
  ])('%s', async (_what, length) => {
    const { client, behind } = await open();
    const headers = { ':path': '/api/x', ':method': 'POST', 'content-length': length };
    expect(await outcome(client, headers, hidden)).toBe(reset);
    expect(behind.requests().filter(({ line }) => line.includes('hidden'))).toEqual([]);
  });

  test('the same host twice is good', async () => {
    const { client, behind } = await open();
    const answer = await ask(client, { ':path': '/api/x', ':authority': 'a', host: 'a' });
    expect(answer.headers[':status']).toBe(200);
    expect(behind.requests()).toHaveLength(1);
  });
});
