import { createServer } from 'node:http';
import { createDemo } from './demo.js';
import { guide } from './guide.js';

const port = Number(process.env.PORT || 8080);
const host = process.env.HOST || '127.0.0.1';

const demo = await createDemo(process.env);
const server = createServer(demo.gateway.listener);
demo.gateway.attach(server);

server.once('error', async (error) => {
  console.error(`Cannot listen on ${host}:${port}: ${error.message}. Choose another port with PORT=8081.`);
  await demo.close();
  process.exitCode = 1;
});

server.listen(port, host, () => {
  const address = server.address();
  const url = `http://localhost:${typeof address === 'object' ? address?.port : port}`;
  console.log(`The gateway listens on ${url}, in front of six demo services.\n`);
  if (demo.isGenerated) console.log(`Administrator key, shown this once: ${demo.adminKey}\n`);
  console.log('Copy these lines into another shell, from top to bottom:');
  for (const [what, line] of guide(url, demo.isGenerated ? demo.adminKey : '$GATEWAY_ADMIN_KEY')) {
    console.log(`\n# ${what}\n${line}`);
  }
  console.log('\nStop with Ctrl-C.');
});

async function stop() {
  server.close();
  server.closeIdleConnections();
  await demo.close();
  server.closeAllConnections();
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
