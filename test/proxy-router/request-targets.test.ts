import { describe, expect, test } from '@jest/globals';
import { mounts, sendRaw, serve } from '../helpers.js';
import { nobody, routerOf, upstream } from './support.js';

describe.each(mounts)('%s', (_name, mount) => {
  /** The answer to a request line, and what the upstream has seen of it. */
  async function ask(line: string, options: { hostHeader?: 'client' } = {}) {
    const { url, seen } = await upstream();
    const services = { '/api/kgot': { targets: [url], ...options } };
    const { port } = await serve(mount(routerOf({ services }), nobody));
    const answer = await sendRaw(port, `${line} HTTP/1.1\r\nHost: asked\r\nConnection: close\r\n\r\n`);
    return { status: answer.slice(9, 12), answer, seen };
  }

  test.each([
    ['http://other/api/kgot/x?y=/z', '/x?y=/z', 'other'],
    ['HTTP://other:8080/api/kgot/x', '/x', 'other:8080'],
    ['https://[::1]:8443/api/kgot', '/', '[::1]:8443'],
  ])('%s is the path in it, and the host in it counts', async (target, path, host) => {
    const { status, seen } = await ask(`GET ${target}`, { hostHeader: 'client' });
    expect(status).toBe('200');
    expect(seen).toMatchObject([{ url: path, headers: { host, 'x-forwarded-host': host } }]);
    expect(seen[0]?.headers.forwarded).toContain(`host="${host}"`);
  });

  test.each([
    'http://other/api/kgot/../admin',
    'http://other/api/kgot/%2e%2e/admin',
    'http://other/api/kgot/x#y',
  ])('%s is refused as its path would be', async (target) => {
    const { status, seen } = await ask(`GET ${target}`);
    expect([status, seen]).toEqual(['400', []]);
  });

  test.each([
    ['GET http://other'],
    ['GET http://other/elsewhere'],
    ['GET http://other?/api/kgot'],
    ['GET http:///api/kgot/x'],
    ['GET http://user@other/api/kgot/x'],
    ['GET ftp://other/api/kgot/x'],
    ['OPTIONS *'],
    ['GET *'],
  ])('%s is for no service', async (line) => {
    const { status, seen } = await ask(line);
    expect([status, seen]).toEqual(['404', []]);
  });

  test('a tunnel is refused: the connection is closed', async () => {
    const { answer, seen } = await ask('CONNECT other:443');
    expect([answer, seen]).toEqual(['', []]);
  });
});
