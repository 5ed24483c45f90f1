import { createFront } from './app.js';
import { createChat } from './chat.js';

const port = Number(process.env.PORT || 8080);
const servicePort = Number(process.env.SERVICE_PORT || 16000);

const chat = createChat().listen(servicePort, '127.0.0.1');
const { server, gateway } = createFront(`http://127.0.0.1:${servicePort}`);
server.listen(port, '127.0.0.1', async () => {
  const created = await gateway.apiKeys?.create({ name: 'me', tier: 'free' });
  console.log(`export KEY=${created?.key}`);
  console.log(`The gateway listens on http://127.0.0.1:${port}, in front of the app`);
});

async function stop() {
  server.close();
  await gateway.close(); // closes WebSockets, for which `server.close()` would wait
  chat.close();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
