import { describe, expect, test } from '@jest/globals';
import { mounts, sendRaw, serve } from '../helpers.js';
import { nobody, routerOf, upstream } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  test.each([
    ['a dot segment', '/api/kgot/./x'],
    ['two dots', '/api/kgot/../admin'],
    ['two dots at the end', '/api/kgot/..'],
    ['encoded dots', '/api/kgot/%2e%2E/admin'],
    ['half-encoded dots', '/api/kgot/.%2e/admin'],
    ['dots behind an encoded slash', '/api/kgot/x%2F..%2fadmin'],
    ['dots with a parameter', '/api/kgot/..;/admin'],
    ['a back slash', '/api/kgot/..\\admin'],
    ['an encoded back slash', '/api/kgot/%5cadmin'],
    ['an encoded NUL', '/api/kgot/x%00.png'],
    ['an encoded line feed', '/api/kgot/x%0d%0aX-Injected:%20y'],
    ['a fragment', '/api/kgot/x#y'],
  ])('refuses %s, and the upstream sees nothing', async (_what, path) => {
    const { url, seen } = await upstream();
    const { port } = await serve(mount(routerOf({ services: { '/api/kgot': url } }), nobody));
    const bytes = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(port, Buffer.from(bytes, 'latin1'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('{"error":"Bad request","message":"The path can be read in more than one way"}');
    expect(seen).toEqual([]);
  });
});
