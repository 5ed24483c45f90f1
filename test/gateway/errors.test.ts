import { describe, expect, test } from '@jest/globals';
import express from 'express';
import type { GatewayOptions } from 'gatewright';
import { send, serve } from '../helpers.js';
import { gatewayOf, upstream } from './support.js';

async function gatewayWith(options: Partial<GatewayOptions>) {
  const behind = await upstream();
  return gatewayOf({ services: { '/api/kgot': behind.url }, ...options });
}

describe('refusals of a gateway', () => {
  test('are RFC 9457 problems where asked for', async () => {
    const { url } = await serve((await gatewayWith({ errorFormat: 'problem' })).listener);
    const answer = await send(url, '/api/kgot/x');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'Credentials are required',
      code: 'ERR_GATEWAY_AUTHENTICATION_FAILED',
    });
  });

  test('go to Express where onError passes them on', async () => {
    const gateway = await gatewayWith({ onError: (error, _req, _res, next) => next(error) });
    const { url } = await serve(
      express()
        .use(gateway)
        .use(((error, _req, res, _next) => {
          res.status(error.status).set(error.headers).send(`handled ${error.code}`);
        }) satisfies express.ErrorRequestHandler),
    );
    const answer = await send(url, '/api/kgot/x');
    expect(answer.body).toBe('handled ERR_GATEWAY_AUTHENTICATION_FAILED');
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  test('are answered all the same where onError passes them on and nobody is behind', async () => {
    const gateway = await gatewayWith({ onError: (error, _req, _res, next) => next(error) });
    const { url } = await serve(gateway.listener);
    const answer = await send(url, '/api/kgot/x');
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([401, 'Authentication failed']);
  });
});
