import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/authenticate/api-key.js';
import { send } from '../helpers.js';
import { ticketed, webSocket } from './browser-support.js';
import { secret, tokenWith } from './jwt-support.js';

const FIELD = 'sec-websocket-protocol';

async function open() {
  const { url, guard, ticketFor } = await ticketed({ jwt: { secret, algorithms: ['HS256'] } });
  const { key } = await guard.apiKeys.create();
  /** Opens a WebSocket with these subprotocols; tells who was let in, and what goes on. */
  const offer = async (protocols: string, more: Record<string, string> = {}) => {
    const headers = webSocket({ 'Sec-WebSocket-Protocol': protocols, ...more });
    const { status, body } = await send(url, '/', { headers });
    const seen = JSON.parse(body);
    return status === 200
      ? { method: seen.identity.method, protocols: seen.headers[FIELD], headers: seen.headers }
      : { status, message: seen.message };
  };
  return { url, key, ticketFor, offer, credential: { 'X-API-Key': key } };
}

describe('a subprotocol of a WebSocket', () => {
  test('can be a ticket, which is taken off', async () => {
    const { ticketFor, credential, offer } = await open();
    const next = async () => `gateway.ticket.${await ticketFor(credential)}`;
    expect(await offer(`chat, ${await next()}`)).toMatchObject({ method: 'api-key', protocols: 'chat' });
    expect(await offer(`${await next()},chat.v2,  chat`)).toMatchObject({ protocols: 'chat.v2, chat' });
    const only = await next();
    expect(await offer(only)).toMatchObject({ method: 'api-key', protocols: undefined });
    expect(await offer(only)).toEqual({ status: 401, message: 'Invalid ticket' });
    expect((await offer(`${await next()}, ${await next()}`)).status).toBe(401);
  });

  test('can be an API key or a token, which is taken off', async () => {
    const { key, offer } = await open();
    for (const [protocol, method] of [
      [`gateway.key.${key}`, 'api-key'],
      [`gateway.bearer.${key}`, 'api-key'],
      [`gateway.bearer.${tokenWith()}`, 'jwt'],
    ]) {
      const seen = await offer(`${protocol}, chat`);
      expect(seen).toMatchObject({ method, protocols: 'chat' });
      expect(JSON.stringify(seen)).not.toContain(key.slice(3));
      expect(seen.headers).not.toHaveProperty('authorization');
    }
  });

  test('is refused if it is a wrong key or token, or two at once', async () => {
    const { key, offer } = await open();
    const wrong = { status: 401, message: 'Invalid API key' };
    expect(await offer(`gateway.key.${generateApiKey()}`)).toEqual(wrong);
    expect(await offer('gateway.key.')).toEqual(wrong);
    expect(await offer(`gateway.key.${key}, gateway.key.${key}`)).toEqual(wrong);
    expect(await offer(`gateway.bearer.${tokenWith({ exp: 1 })}`)).toMatchObject({ status: 401 });
  });

  test('does not take the place of a field', async () => {
    const { key, offer } = await open();
    expect((await offer(`gateway.key.${key}`, { 'X-API-Key': 'gw_wrong' })).status).toBe(401);
    expect(await offer('gateway.key.gw_wrong, chat', { 'X-API-Key': key })).toMatchObject({
      method: 'api-key',
      protocols: 'chat',
    });
  });

  test('is no credential where no WebSocket is asked for', async () => {
    const { url, key } = await open();
    const headers = { 'Sec-WebSocket-Protocol': `gateway.key.${key}` };
    expect((await send(url, '/', { headers })).status).toBe(401);
  });

  test('is anybody else’s if it is another one', async () => {
    const { offer, credential } = await open();
    const protocols = 'graphql-transport-ws, gateway.tickets, gateway.keys';
    expect(await offer(protocols, credential)).toMatchObject({ protocols });
  });
});
