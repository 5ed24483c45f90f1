import { createServer } from 'node:http';
import { createMcpGateway } from './app.js';
import { createTools } from './tools.js';

const port = Number(process.env.PORT || 8080);
const servicePort = Number(process.env.SERVICE_PORT || 16000);

const tools = createTools().listen(servicePort, '127.0.0.1');
const gateway = createMcpGateway([`http://127.0.0.1:${servicePort}`]);
const server = createServer(gateway.listener).listen(port, '127.0.0.1', async () => {
  const user = await gateway.apiKeys?.create({ name: 'agent', tier: 'free', permissions: ['mcp:use'] });
  const other = await gateway.apiKeys?.create({ name: 'other', tier: 'free' });
  console.log(`export KEY=${user?.key} OTHER=${other?.key}`);
  console.log(`The gateway listens on http://127.0.0.1:${port}`);
});

async function stop() {
  server.close();
  await gateway.close();
  tools.close();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
