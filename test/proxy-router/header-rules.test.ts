import { describe, expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { gateway, upstream } from './support.js';

describe('header rules', () => {
  test('add, set and remove fields of requests and responses', async () => {
    const { url: target, seen } = await upstream((_req, res) => {
      res.setHeader('X-Powered-By', 'PHP');
      res.setHeader('X-Version', '1');
      res.setHeader('Vary', 'Accept');
      res.end();
    });
    const headers = {
      request: { add: { 'X-Tag': 'added' }, set: { 'User-Agent': 'gateway' }, remove: ['Cookie'] },
      response: { add: { Vary: 'Origin' }, set: { 'X-Version': '2' }, remove: ['x-powered-by'] },
    };
    const { url } = await gateway({ services: { '/': { targets: [target], headers } } });
    const answer = await send(url, '/', { headers: { Cookie: 'a=b', 'X-Tag': 'own', 'User-Agent': 'curl' } });
    expect(seen[0]?.headers).toMatchObject({ 'x-tag': 'own, added', 'user-agent': 'gateway' });
    expect(seen[0]?.headers.cookie).toBeUndefined();
    expect(answer.headers).toMatchObject({ 'x-version': '2', vary: 'Accept, Origin' });
    expect(answer.headers['x-powered-by']).toBeUndefined();
  });

  test.each([
    [{ set: { 'Bad Name': 'x' } }, 'must be the name of a header field'],
    [{ set: { 'X-A': 'a\r\nSet-Cookie: b' } }, 'must be the value of a header field'],
    [{ remove: [''] }, 'must be the name of a header field'],
  ])('%j are refused', async (request, message) => {
    const services = { '/': { targets: ['http://127.0.0.1:1'], headers: { request } } };
    await expect(gateway({ services })).rejects.toThrow(message);
  });
});

describe('the host', () => {
  test('that goes upstream is the target’s, or the client’s where it is asked for', async () => {
    const { url: target, seen } = await upstream();
    const { url } = await gateway({
      services: { '/a': target, '/b': { targets: [target], hostHeader: 'client' } },
    });
    for (const path of ['/a', '/b']) await send(url, path, { headers: { Host: 'shop.example' } });
    expect(seen.map(({ headers }) => [headers.host, headers['x-forwarded-host']])).toEqual([
      [new URL(target).host, 'shop.example'],
      ['shop.example', 'shop.example'],
    ]);
  });
});

describe('traceparent', () => {
  test('is passed on as it came', async () => {
    const { url: target, seen } = await upstream();
    const { url } = await gateway({ services: { '/': target } });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await send(url, '/', { headers: { traceparent, tracestate: 'a=1' } });
    expect(seen[0]?.headers).toMatchObject({ traceparent, tracestate: 'a=1' });
  });

  test.each([
    '',
    'trace',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more',
  ])('is started anew where nobody could read it: %p', async (traceparent) => {
    const { url: target, seen } = await upstream();
    const { url } = await gateway({ services: { '/': target } });
    await send(url, '/', { headers: { traceparent, tracestate: 'a=1' } });
    expect(seen[0]?.headers['traceparent']).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(seen[0]?.headers).not.toHaveProperty('tracestate');
  });

  test('of a later version is passed on', async () => {
    const { url: target, seen } = await upstream();
    const { url } = await gateway({ services: { '/': target } });
    const traceparent = '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more';
    await send(url, '/', { headers: { traceparent, tracestate: 'a=1' } });
    expect(seen[0]?.headers).toMatchObject({ traceparent, tracestate: 'a=1' });
  });

  test('is started where there is none, each with an id of its own', async () => {
    const { url: target, seen } = await upstream();
    const { url } = await gateway({ services: { '/': target } });
    for (let turn = 0; turn < 2; turn += 1) await send(url, '/');
    const traces = seen.map(({ headers }) => String(headers['traceparent']));
    for (const trace of traces) expect(trace).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-00$/);
    expect(new Set(traces).size).toBe(2);
  });
});

describe('what an upstream says of its own place', () => {
  test.each([
    ['/login?a=1#b', '/api/kgot/login?a=1#b'],
    ['login', 'login'],
    ['{target}/x', '/api/kgot/x'],
    ['{target}', '/api/kgot/'],
    ['//elsewhere.example/x', '//elsewhere.example/x'],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
    ['http://[', 'http://['],
  ])('as `Location: %s` becomes %s', async (location, expected) => {
    const { url: target } = await upstream((_req, res) => {
      res.writeHead(302, { Location: location.replace('{target}', target) }).end();
    });
    const { url } = await gateway({
      services: { '/api/kgot': { targets: [target], rewriteLocation: true }, '/as-it-is': target },
    });
    expect((await send(url, '/api/kgot/x')).headers.location).toBe(expected);
    expect((await send(url, '/as-it-is')).headers.location).toBe(location.replace('{target}', target));
  });

  test('is taken below the base path of the target', async () => {
    const locations = ['/base/x', '/other'];
    const { url: target } = await upstream((_req, res) => {
      res.writeHead(302, { Location: locations.shift() ?? '' }).end();
    });
    const { url } = await gateway({
      services: { '/api': { targets: [`${target}/base`], rewriteLocation: true } },
    });
    expect((await send(url, '/api/x')).headers.location).toBe('/api/x');
    expect((await send(url, '/api/x')).headers.location).toBe('/other');
  });

  test.each([
    ['a=b; Path=/; Domain=kgot.internal; Secure', 'a=b; Path=/api/kgot/; Secure'],
    ['a=b; path=/shop; HttpOnly', 'a=b; path=/api/kgot/shop; HttpOnly'],
    ['a=b', 'a=b'],
    ['domain=x; Max-Age=1', 'domain=x; Max-Age=1'],
  ])('as the cookie `%s` becomes `%s`', async (cookie, expected) => {
    const { url: target } = await upstream((_req, res) => {
      res.setHeader('Set-Cookie', [cookie, 'second=1']);
      res.end();
    });
    const { url } = await gateway({
      services: { '/api/kgot': { targets: [target], rewriteCookies: true }, '/as-it-is': target },
    });
    expect((await send(url, '/api/kgot/x')).headers['set-cookie']).toEqual([expected, 'second=1']);
    expect((await send(url, '/as-it-is')).headers['set-cookie']).toEqual([cookie, 'second=1']);
  });
});
