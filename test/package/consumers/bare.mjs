import { createServer } from 'node:http';
import { createGateway } from 'gatewright';
import { drive } from './scenario.cjs';

await drive(createGateway, async (gateway) => {
  const server = createServer(gateway.listenerFor((_req, res) => res.end('the app')));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
});
