import express from 'express';
import { rateLimit } from 'gatewright/rate-limit';

/** A service that exists, and a limit for one of its routes. */
export function createApp() {
  const app = express();
  app.use('/search', rateLimit({ tiers: { free: { requestsPerMinute: 3, concurrentRequests: 2 } } }));
  app.get('/search', (req, res) => {
    res.json({ query: req.query['q'], left: req.gateway?.rateLimit?.remaining });
  });
  app.get('/', (_req, res) => {
    res.send('Not limited\n');
  });
  return app;
}
