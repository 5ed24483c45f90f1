import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createLlmGateway } from './app.js';
import { createModel } from './model.js';

const port = Number(process.env.PORT || 8080);
const servicePort = Number(process.env.SERVICE_PORT || 16000);

// With a real provider this is your key, from the environment.
const providerKey = randomUUID();
const model = createModel(providerKey).listen(servicePort, '127.0.0.1');

const gateway = createLlmGateway(`http://127.0.0.1:${servicePort}`, providerKey);
const server = createServer(gateway.listener).listen(port, '127.0.0.1', async () => {
  const free = await gateway.apiKeys?.create({ name: 'free', tier: 'free' });
  const premium = await gateway.apiKeys?.create({ name: 'premium', tier: 'premium' });
  console.log(`export KEY=${free?.key} PREMIUM=${premium?.key}`);
  console.log(`The gateway listens on http://127.0.0.1:${port}`);
});

async function stop() {
  server.close();
  await gateway.close();
  model.close();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
