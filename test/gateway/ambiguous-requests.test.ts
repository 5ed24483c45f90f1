import { expect, test } from '@jest/globals';
import { sendRaw, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream } from './support.js';

async function ask(bytes: string) {
  const behind = await upstream();
  const gateway = gatewayOf({ services: { '/api/kgot': behind.url }, authenticate: { adminKey } });
  const { port } = await serve(gateway.listener);
  const answer = await sendRaw(port, bytes);
  return { status: Number(answer.slice(9, 12)), answer, behind };
}

const fields = `Host: a\r\nX-API-Key: ${adminKey}\r\nConnection: close\r\n`;

test.each(['/health', '/', '/metrics', '/api/kgot/x'])(
  'http://other%s is answered as its path is',
  async (path) => {
    expect((await ask(`GET http://other${path} HTTP/1.1\r\n${fields}\r\n`)).status).toBe(200);
  },
);

test('a path that needs a credential needs it in the absolute form too', async () => {
  const { status } = await ask(
    'GET http://other/api/auth/api-key HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  expect(status).toBe(401);
});

test.each([
  ['OPTIONS *', 'path'],
  ['GET other:80', undefined],
  ['GET http://user@other/health', 'path'],
])('%s is 400', async (line, what) => {
  const { status, answer } = await ask(`${line} HTTP/1.1\r\n${fields}\r\n`);
  expect(status).toBe(400);
  if (what) expect(answer).toContain(`{"error":"Bad request","message":"The ${what} can be read in more`);
});

test.each(['/health', '/api/auth/api-key', '/api/kgot/x', '/nowhere'])(
  'a request of two hosts, or of no certain end, is 400 at %s, and the connection is closed after the latter',
  async (path) => {
    const hosts = await ask(`GET ${path} HTTP/1.1\r\n${fields}Host: b\r\n\r\n`);
    expect(hosts.status).toBe(400);
    const keep = fields.replace('Connection: close\r\n', '');
    const hidden = `GET /api/kgot/hidden HTTP/1.1\r\n${fields}\r\n`;
    const end = await ask(`POST ${path} HTTP/1.1\r\n${keep}Transfer-Encoding:\r\n\r\n${hidden}`);
    expect([end.status, end.answer.match(/HTTP\/1\.1/g)]).toEqual([400, ['HTTP/1.1']]);
    expect(end.behind.requests).toEqual([]);
  },
);

test('Connection takes away neither the credential that is judged nor what is said of it upstream', async () => {
  const names = 'close, X-Api-Key, X-Gateway-Subject, X-Gateway-Tier, Authorization';
  const head = `GET /api/kgot/x HTTP/1.1\r\nHost: a\r\nConnection: ${names}\r\n`;
  const { status, behind } = await ask(`${head}X-API-Key: ${adminKey}\r\n\r\n`);
  expect(status).toBe(200);
  expect(behind.requests[0]?.headers).toMatchObject({ 'x-gateway-subject': 'key:admin' });
  expect((await ask(`${head}X-API-Key: wrong\r\n\r\n`)).status).toBe(401);
});
