// One factory after the other, without createGateway(), as an app does that takes only some.
import { createServer } from 'node:http';
import { analytics } from 'gatewright/analytics';
import { authenticate } from 'gatewright/authenticate';
import { circuitBreaker } from 'gatewright/circuit-breaker';
import { proxyRouter } from 'gatewright/proxy-router';
import { rateLimit } from 'gatewright/rate-limit';
import { drive } from './scenario.cjs';

function assembled({ services }) {
  const authentication = authenticate();
  const parts = [analytics(), authentication, rateLimit(), circuitBreaker(), proxyRouter({ services })];
  const run = (req, res, at) =>
    at < parts.length ? parts[at](req, res, () => run(req, res, at + 1)) : res.end('the app');
  const listener = (req, res) => (req.url === '/app' ? res.end('the app') : run(req, res, 0));
  const close = () => Promise.all(parts.map((part) => part.close?.()));
  return { listener, close, apiKeys: authentication.apiKeys };
}

await drive(assembled, async (gateway) => {
  const server = createServer(gateway.listener);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
});
