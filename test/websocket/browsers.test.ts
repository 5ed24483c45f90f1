import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { adminKey } from '../gateway/support.js';
import { send } from '../helpers.js';
import { attached, message, opened, refused, webSockets } from './support.js';

const page = { headers: { Origin: 'https://app.example.com' } };

async function gateway() {
  const up = await webSockets();
  const served = await attached({
    authenticate: { adminKey },
    cors: { origins: ['https://app.example.com'] },
    services: { '/chat': up.url },
  });
  const ticket = async (): Promise<string> => {
    const answer = await send(served.url, '/api/auth/ticket', {
      method: 'POST',
      headers: { 'X-API-Key': adminKey },
    });
    return JSON.parse(answer.body).ticket;
  };
  return { up, ticket, ...served };
}

test('a page opens a WebSocket with a ticket, once, and the upstream does not see it', async () => {
  const { up, url, ticket } = await gateway();
  const asked = once(up.wss, 'connection');
  const path = `/chat/room?ticket=${await ticket()}&a=b`;
  const ws = await opened(url, path, page);
  ws.send('hello');
  expect(await message(ws)).toBe('hello');
  const [, req] = await asked;
  expect(req.url).toBe('/room?a=b');
  expect(req.headers).toMatchObject({ origin: 'https://app.example.com', 'x-gateway-tier': 'system' });
  expect(await refused(url, path, page)).toMatchObject({ status: 401 });
});

test('a ticket as a subprotocol leaves the others to be negotiated', async () => {
  const { up, url, ticket } = await gateway();
  const asked = once(up.wss, 'connection');
  const ws = await opened(url, '/chat', page, ['chat', `gateway.ticket.${await ticket()}`]);
  expect(ws.protocol).toBe('chat');
  const [, req] = await asked;
  expect(req.headers['sec-websocket-protocol']).toBe('chat');
});

test('a page of another origin is refused, and its ticket is not used up', async () => {
  const { url, ticket } = await gateway();
  const path = `/chat?ticket=${await ticket()}`;
  expect(await refused(url, path, { headers: { Origin: 'https://evil.example' } })).toMatchObject({
    status: 403,
    body: expect.stringContaining('This origin may not open a WebSocket here'),
  });
  await opened(url, path, page);
});
