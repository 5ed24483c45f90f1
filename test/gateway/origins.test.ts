import { expect, test } from '@jest/globals';
import type { GatewayOptions } from 'gatewright';
import { answerUpgrades, webSocket } from '../authenticate/browser-support.js';
import { send, serve } from '../helpers.js';
import { adminKey, gatewayOf, upstream } from './support.js';

async function open(options: Partial<GatewayOptions>) {
  const behind = await upstream();
  const gateway = gatewayOf({
    services: { '/api/kgot': behind.url },
    authenticate: { adminKey },
    ...options,
  });
  const { url, server } = await serve(gateway.listener);
  answerUpgrades(server, gateway.listener);
  /** Opens a WebSocket from a page of this origin. */
  return async (origin: string): Promise<number> =>
    (await send(url, '/api/kgot/x', { headers: webSocket({ Origin: origin, 'X-API-Key': adminKey }) }))
      .status;
}

const verify = () => undefined;
const here = 'https://app.example.com';
const elsewhere = 'https://evil.example';

test('pages that may read responses may open WebSockets, and no others', async () => {
  const from = await open({ cors: { origins: [here] } });
  expect([await from(here), await from(elsewhere)]).toEqual([200, 403]);
});

test('where all pages may read responses, all may open WebSockets', async () => {
  const from = await open({ cors: { origins: ['*'] } });
  expect(await from(elsewhere)).toBe(200);
});

test('they may not where a method of one’s own may go by cookies', async () => {
  const from = await open({ cors: { origins: ['*'] }, authenticate: { adminKey, verify } });
  expect(await from(elsewhere)).toBe(403);
});

test('what authentication says of origins comes first', async () => {
  const from = await open({ cors: { origins: ['*'] }, authenticate: { adminKey, verify, origins: [here] } });
  expect([await from(here), await from(elsewhere)]).toEqual([200, 403]);
});
