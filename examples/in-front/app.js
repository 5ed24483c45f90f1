import { createServer } from 'node:http';
import express from 'express';
import { createGateway } from 'gatewright';

/**
 * A server whose gateway is in front of an app: what is for a service, WebSockets among it, never gets to Express.
 *
 * @param {string} chat where the service is, such as `http://127.0.0.1:16000`
 */
export function createFront(chat) {
  const app = express();
  app.get('/', (_req, res) => {
    res.send('The app itself\n');
  });

  const gateway = createGateway({
    rateLimit: { tiers: { free: { requestsPerMinute: 60, concurrentRequests: 2 } } },
    services: { '/chat': { targets: [chat], timeouts: { idleMs: 120_000 } } },
  });
  const server = createServer(gateway.listenerFor(app));
  gateway.attach(server); // WebSockets
  return { server, gateway };
}
