import express from 'express';
import { createGateway } from 'gatewright';

/**
 * An app with routes of its own, and a gateway beside them.
 *
 * @param {string} service where the service is, such as `http://127.0.0.1:16000`
 */
export function createApp(service) {
  const gateway = createGateway({
    authenticate: { anonymous: { paths: ['/api/notes/public'] } },
    rateLimit: { tiers: { free: { requestsPerMinute: 3 } } },
    services: { '/api/notes': service },
    // The gateway's /health, /metrics and others; `/` stays the app's.
    endpoints: { info: false },
  });
  const app = express();
  app.use(gateway); // in front of body parsers, so that bodies stay streams
  app.use(express.json());
  app.get('/', (_req, res) => {
    res.send('The app itself\n');
  });
  app.post('/echo', (req, res) => {
    res.json(req.body);
  });
  return { app, gateway };
}
