import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { startGateway, startWorkers } from 'gatewright/server';
import { optionsFor } from './app.js';

const port = Number(process.env.PORT || 8080);
const servicePort = Number(process.env.SERVICE_PORT || 16000);
const redis = process.env.REDIS_URL || 'redis://127.0.0.1:6379';

if (cluster.isPrimary) {
  // A service, which stands for yours.
  createServer((req, res) => res.end(`The service got ${req.url}\n`)).listen(servicePort, '127.0.0.1');

  const workers = startWorkers({ count: 2, logger: console });
  process.on('SIGINT', () => workers.close());
  process.on('SIGTERM', () => workers.close());
  process.exit((await workers.ended) ? 0 : 1);
} else {
  const options = optionsFor({ redis, service: `http://127.0.0.1:${servicePort}` });
  const running = await startGateway({ ...options, host: '127.0.0.1', port, logger: console });
  console.log(`Worker ${process.pid} listens on ${running.url}`);
  process.on('SIGINT', () => {}); // Ctrl-C reaches all of them; the primary tells when to stop
  process.on('SIGTERM', async () => {
    await running.close();
    process.exit(0);
  });
}
