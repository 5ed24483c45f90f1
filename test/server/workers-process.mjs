// A gateway of several workers, for the tests: options come as JSON, and a line is printed for each worker that listens.
import cluster from 'node:cluster';
import { startGateway, startWorkers } from 'gatewright/server';

const { count, ...options } = JSON.parse(process.argv[2] ?? '{}');

if (cluster.isPrimary) {
  const logger = { info() {}, warn() {}, error: (/** @type {string} */ line) => console.log(line) };
  const workers = startWorkers({ count, logger });
  process.on('SIGTERM', () => void workers.close());
  process.exitCode = (await workers.ended) ? 0 : 1;
} else {
  const { url, close } = await startGateway(options);
  process.on('SIGTERM', async () => {
    await close();
    process.exit(0);
  });
  console.log(JSON.stringify({ url, pid: process.pid }));
}
