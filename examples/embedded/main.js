import { createServer } from 'node:http';
import { createApp } from './app.js';

const port = Number(process.env.PORT || 8080);
const servicePort = Number(process.env.SERVICE_PORT || 16000);

// A service, which stands for yours.
const service = createServer((req, res) => res.end(`The service got ${req.method} ${req.url}\n`));
service.listen(servicePort, '127.0.0.1');

const { app, gateway } = createApp(`http://127.0.0.1:${servicePort}`);
const server = app.listen(port, '127.0.0.1', async (error) => {
  if (error) throw error;
  const created = await gateway.apiKeys?.create({ name: 'me', tier: 'free' });
  console.log(`export KEY=${created?.key}`);
  console.log(`The app listens on http://127.0.0.1:${port}`);
});

async function stop() {
  server.close();
  await gateway.close();
  service.close();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
