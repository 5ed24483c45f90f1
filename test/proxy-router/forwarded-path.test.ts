import type { RequestListener } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import type { Middleware } from 'gatewright';
import type { ServiceOptions } from 'gatewright/proxy-router';
import { send, sendRaw, serve } from '../helpers.js';
import { gateway, nobody, routerOf, upstream } from './support.js';

/** What reaches the upstream of a service for a path that is sent to the gateway. */
async function forwarded(path: string, at: string, basePath = '', service: Partial<ServiceOptions> = {}) {
  const { url, seen } = await upstream();
  const { port } = await gateway({ services: { [at]: { ...service, targets: [url + basePath] } } });
  await sendRaw(port, Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 'latin1'));
  return seen[0]?.url;
}

test.each([
  ['/api/kgot', '/'],
  ['/api/kgot/', '/'],
  ['/api/kgot/x/y', '/x/y'],
  ['/api/kgot/x/', '/x/'],
  ['/api/kgot?a=1', '/?a=1'],
  ['/api/kgot/x?', '/x?'],
])('the prefix is taken off: %s', async (path, expected) => {
  expect(await forwarded(path, '/api/kgot')).toBe(expected);
});

test.each(['/api/kgot', '/api/kgot/', '/api/kgot/x?a=1'])('the prefix stays if told so: %s', async (path) => {
  expect(await forwarded(path, '/api/kgot', '', { stripPrefix: false })).toBe(path);
});

test.each([
  ['/api/kgot', '/base/'],
  ['/api/kgot/', '/base/'],
  ['/api/kgot/x?a=1', '/base/x?a=1'],
  ['/api/kgot?a=1', '/base/?a=1'],
  ['/api/kgot//x', '/base//x'],
])('the base path of a target goes in front: %s', async (path, expected) => {
  expect(await forwarded(path, '/api/kgot', '/base')).toBe(expected);
  expect(await forwarded(path, '/api/kgot', '/base/')).toBe(expected);
});

test('a base path goes in front of a prefix that stays', async () => {
  expect(await forwarded('/api/kgot/x', '/api/kgot', '/base', { stripPrefix: false })).toBe(
    '/base/api/kgot/x',
  );
});

test.each([
  ['an encoded slash', '/a%2Fb/c%2f'],
  ['encoded UTF-8 and characters that need no encoding', '/caf%C3%A9/%41%7e/%20'],
  ['an encoded per cent sign', '/100%25/%252e%252e'],
  ['empty segments', '//a///b//'],
  ['sub-delimiters', "/a;v=1/b,c/!$&'()*+=:@"],
  ['names with dots', '/.well-known/..a/b../...'],
  ['what could be an authority', '//user:secret@host:80/x'],
  ['what could be an authority that no URL parser reads', '//['],
  ['what could be a port that no URL parser reads', '//:99999999/x'],
  ['nothing but slashes', '///'],
  ['a query with slashes, dots and question marks', '/x?/../a/./b??c=d&e'],
  ['a query with encodings and a fragment sign', '/x?a=%2F%2e%00+b%20c#d'],
  ['a query with quotes, brackets and pipes', '/x?a[]=1&b={"c":"d"}|^`'],
])('byte for byte: %s', async (_what, path) => {
  expect(await forwarded(path, '/')).toBe(path);
  expect(await forwarded(`/api/kgot${path}`, '/api/kgot')).toBe(path);
});

const apps: [string, (at: string, middleware: Middleware) => RequestListener][] = [
  [
    'Express 5',
    (at, middleware) =>
      express5()
        .use(at, middleware)
        .use((req, res) => nobody(req, res)),
  ],
  [
    'Express 4',
    (at, middleware) =>
      express4()
        .use(at, middleware)
        .use((req, res) => nobody(req, res)),
  ],
];

describe.each(apps)('mounted below a path in %s', (_name, mount) => {
  test('matches and forwards what is behind the mount', async () => {
    const { url, seen } = await upstream();
    const router = routerOf({
      services: { '/api/kgot': url, '/': { name: 'rest', targets: [`${url}/rest`] } },
    });
    const app = await serve(mount('/v1', router));
    const paths = ['/v1/api/kgot/a%2Fb?c=/d', '/v1/api/kgotx', '/v1', '/v1?x'];
    for (const path of paths) expect(await send(app.url, path)).toMatchObject({ status: 200 });
    expect(seen.map((request) => request.url)).toEqual([
      '/a%2Fb?c=/d',
      '/rest/api/kgotx',
      '/rest/',
      '/rest/?x',
    ]);
  });

  test('keeps the prefix of the service, not that of the mount', async () => {
    const { url, seen } = await upstream();
    const router = routerOf({ services: { '/api': { targets: [url], stripPrefix: false } } });
    const app = await serve(mount('/v1', router));
    await send(app.url, '/v1/api/x');
    expect(await send(app.url, '/api/x')).toMatchObject({ status: 404, body: 'for nobody' });
    expect(seen.map((request) => request.url)).toEqual(['/api/x']);
  });
});
