import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createGateway, type Gateway, type GatewayOptions } from 'gatewright';
import { cleanup, mounts, serve } from '../helpers.js';

export const adminKey = 'an-administrator-key-of-the-tests';

/** An upstream whose every request is kept to look at; it answers what `answer` says, by default its name. */
export async function upstream(answer: RequestListener = (_req, res) => res.end('from upstream')) {
  const requests: IncomingMessage[] = [];
  const server = await serve((req, res) => {
    requests.push(req);
    answer(req, res);
  });
  return { ...server, requests };
}

/** A gateway closed after the test. */
export function gatewayOf(options: GatewayOptions): Gateway {
  const gateway = createGateway(options);
  cleanup(() => gateway.close());
  return gateway;
}

/** What an app behind a gateway answers. */
export const app = (_req: IncomingMessage, res: ServerResponse): void => {
  res.statusCode = 404;
  res.end('from the app');
};

/** Every way of serving a gateway. */
export const ways: readonly (readonly [string, (gateway: Gateway) => RequestListener])[] = [
  ...mounts.map(
    ([name, mount]) => [`mounted in ${name}`, (gateway: Gateway) => mount(gateway, app)] as const,
  ),
  ['served directly', (gateway) => gateway.listener],
  ['in front of an app', (gateway) => gateway.listenerFor(app)],
];
