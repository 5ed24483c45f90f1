import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Middleware } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup, send, sendRaw } from '../helpers.js';
import { byTransport, gateway, rawUpstream, upstream } from './support.js';

/** What a client gets of an answer with these fields, in the order in which they stand. */
async function relayed(fields: readonly string[], ...before: Middleware[]) {
  const { url } = await upstream((_req, res) => {
    res.writeHead(
      200,
      fields.flatMap((field) => field.split(/: (.*)/).slice(0, 2)),
    );
    res.end('body');
  });
  const { url: at } = await gateway({ services: { '/': url } }, ...before);
  return send(at, '/');
}

/** The fields of these names, with every value on its line. */
function lines(rawHeaders: readonly string[], ...names: string[]): string[] {
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && names.includes(name.toLowerCase()) ? [`${name}: ${rawHeaders[at + 1]}`] : [],
  );
}

test('several fields of one name stay several, in order, each with its own spelling', async () => {
  const fields = [
    'Set-Cookie: a=1; Path=/',
    'X-Several: one',
    'set-cookie: b=2, with a comma',
    'X-Several: two',
    'WWW-Authenticate: Basic',
    'WWW-Authenticate: Bearer',
    'Link: </a>; rel=preload',
    'Link: </b>; rel=preload',
  ];
  const { rawHeaders } = await relayed(fields);
  expect(lines(rawHeaders, 'set-cookie')).toHaveLength(2);
  expect(lines(rawHeaders, 'set-cookie').map((line) => line.slice(11))).toEqual([
    ' a=1; Path=/',
    ' b=2, with a comma',
  ]);
  for (const name of ['x-several', 'www-authenticate', 'link']) {
    expect(lines(rawHeaders, name)).toEqual(fields.filter((field) => field.toLowerCase().startsWith(name)));
  }
});

test('fields about the connection stay on it', async () => {
  const { headers } = await relayed([
    'Connection: close, X-Private',
    'X-Private: hop',
    'Keep-Alive: timeout=1',
    'Proxy-Authenticate: Basic',
    'Proxy-Connection: close',
    'Trailer: X-Checksum',
    'Transfer-Encoding: chunked',
    'X-Public: end',
  ]);
  expect(headers).toMatchObject({ 'x-public': 'end' });
  for (const name of ['x-private', 'keep-alive', 'proxy-authenticate', 'proxy-connection', 'trailer']) {
    expect(headers).not.toHaveProperty(name);
  }
});

test('Connection cannot take away what says how the body is to be read', async () => {
  const answer = await relayed([
    'Connection: content-length, content-type',
    'Content-Length: 4',
    'Content-Type: text/plain',
  ]);
  expect(answer).toMatchObject({
    body: 'body',
    headers: { 'content-length': '4', 'content-type': 'text/plain' },
  });
});

test('what middlewares before have added to is added to', async () => {
  const { rawHeaders } = await relayed(['Vary: Accept', 'Set-Cookie: up=1'], (_req, res, next) => {
    res.setHeader('Vary', 'Origin');
    res.setHeader('Set-Cookie', ['session=1']);
    next();
  });
  expect(lines(rawHeaders, 'vary')).toEqual(['Vary: Origin', 'Vary: Accept']);
  expect(lines(rawHeaders, 'set-cookie').map((line) => line.slice(12))).toEqual(['session=1', 'up=1']);
});

test('what middlewares before have set to one value, the upstream knows better', async () => {
  const { rawHeaders } = await relayed(['Cache-Control: no-store', 'X-Powered-By: it'], (_req, res, next) => {
    res.setHeader('Cache-Control', 'public');
    res.setHeader('X-Powered-By', 'Express');
    next();
  });
  expect(lines(rawHeaders, 'cache-control')).toEqual(['Cache-Control: no-store']);
  expect(lines(rawHeaders, 'x-powered-by')).toEqual(['X-Powered-By: it']);
});

const decisions = [
  'X-Request-Id: theirs',
  'RateLimit: theirs',
  'RateLimit-Policy: theirs',
  'X-RateLimit-Remaining: 7',
];

test('what the gateway says itself is not contradicted', async () => {
  const { rawHeaders, headers } = await relayed(decisions, (_req, res, next) => {
    res.setHeader('RateLimit', 'ours');
    res.setHeader('RateLimit-Policy', 'ours');
    res.setHeader('X-RateLimit-Remaining', '3');
    next();
  });
  expect(lines(rawHeaders, 'x-request-id')).toHaveLength(1);
  expect(headers['x-request-id']).not.toBe('theirs');
  expect(lines(rawHeaders, 'ratelimit', 'ratelimit-policy', 'x-ratelimit-remaining')).toEqual([
    'RateLimit: ours',
    'RateLimit-Policy: ours',
    'X-RateLimit-Remaining: 3',
  ]);
});

test('what the gateway does not say, the upstream may', async () => {
  const { headers } = await relayed([...decisions, 'Access-Control-Allow-Origin: *']);
  expect(headers).toMatchObject({
    ratelimit: 'theirs',
    'ratelimit-policy': 'theirs',
    'x-ratelimit-remaining': '7',
    'access-control-allow-origin': '*',
  });
});

test('where the gateway answers for CORS, the upstream does not', async () => {
  const fields = ['Access-Control-Allow-Origin: *', 'Access-Control-Allow-Credentials: true'];
  const { headers } = await relayed(fields, (req, res, next) => {
    contextOf(req, res).ownsCors = true;
    res.setHeader('Access-Control-Allow-Origin', 'https://app.example');
    next();
  });
  expect(headers['access-control-allow-origin']).toBe('https://app.example');
  expect(headers).not.toHaveProperty('access-control-allow-credentials');
});

/** The head that a client gets for a head that an upstream writes. */
async function head(bytes: string): Promise<string[]> {
  const { url } = await rawUpstream((socket) => socket.write(bytes, 'latin1'));
  const { port } = await gateway({ services: { '/': url } });
  const answer = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  return answer.split('\r\n');
}

test('status and status message are the upstream’s, bytes beyond ASCII in it too, or the message is left out', async () => {
  const [first] = await head('HTTP/1.1 299 Tr\xe8s bien\r\nContent-Length: 0\r\n\r\n');
  expect(first).toBe(`HTTP/1.1 299 ${byTransport({ default: 'Tr\xe8s bien', undici: 'unknown' })}`);
});

test('bytes beyond ASCII in fields pass as they are', async () => {
  const fields = await head('HTTP/1.1 200 OK\r\nX-Latin: caf\xe9 \xff\r\nContent-Length: 0\r\n\r\n');
  expect(fields).toContain('X-Latin: caf\xe9 \xff');
});

test('bytes beyond ASCII in fields pass as they are where the body comes later', async () => {
  const bytes = 'HTTP/1.1 200 OK\r\nX-Latin: caf\xe9 \xff\r\nTransfer-Encoding: chunked\r\n\r\n';
  const { url } = await rawUpstream((socket) => socket.write(bytes, 'latin1'));
  const { port } = await gateway({ services: { '/': url } });
  const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  cleanup(() => client.destroy());
  let received = '';
  for await (const chunk of client) {
    received += (chunk as Buffer).toString('latin1');
    if (received.includes('\r\n\r\n')) break;
  }
  expect(received.split('\r\n')).toContain('X-Latin: caf\xe9 \xff');
});
