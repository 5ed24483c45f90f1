// A gateway of several workers, for the tests: options come as JSON, and a line is printed for each worker that listens.
import { spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { startGateway, startWorkers } from 'gatewright/server';

const { count, heir, ...options } = JSON.parse(process.argv[2] ?? '{}');

if (cluster.isPrimary) {
  const logger = { info() {}, warn() {}, error: (/** @type {string} */ line) => console.log(line) };
  const workers = startWorkers({ count, logger });
  process.on('SIGTERM', () => void workers.close());
  process.exit((await workers.ended) ? 0 : 1);
} else {
  // A process that has the channel to the primary, too, keeps it open when this one has ended.
  if (heir)
    spawn('sleep', ['60'], {
      stdio: ['ignore', 'ignore', 'ignore', /** @type {any} */ (process.channel).fd],
    });
  const { url, close } = await startGateway(options);
  process.on('SIGTERM', async () => {
    await close();
    process.exit(0);
  });
  console.log(JSON.stringify({ url, pid: process.pid }));
}
