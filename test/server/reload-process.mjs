// A gateway whose options are changed again and again under load, for the tests: prints what it uses after each hundred.
import { createServer, request } from 'node:http';
import { startGateway } from 'gatewright/server';

const behind = createServer((_req, res) => void res.end('ok')).listen(0, '127.0.0.1');
await new Promise((resolve) => behind.once('listening', resolve));
const { port } = /** @type {import('node:net').AddressInfo} */ (behind.address());

/** @param {number} turn @returns {import('gatewright/server').StartOptions} */
const options = (turn) => ({
  host: '127.0.0.1',
  port: 0,
  authenticate: { apiKeys: { cacheSize: 100 + turn }, anonymous: { paths: ['/api'] } },
  services: {
    '/api': {
      targets: [`http://127.0.0.1:${port}`],
      healthCheck: { path: '/', intervalMs: 1000 },
      cost: turn / 1e6,
    },
  },
  rateLimit: { tiers: { free: { requestsPerMinute: 1_000_000 + turn } } },
  circuitBreaker: { minimumRequests: 5 + turn },
  bulkhead: { maxConcurrent: 1000 + turn },
  analytics: { maxLabelValues: 10 + turn, alerts: [{ metric: 'error_rate', above: 0.5 }] },
  audit: { successes: turn % 2 === 0 },
  cors: { origins: [`https://${turn}.example.com`] },
});

const { url, reload, close } = await startGateway(options(0));

/** @returns {Promise<number | undefined>} */
const ask = () =>
  new Promise((resolve, reject) => {
    request(`${url}/api`, { agent: false }, (res) => {
      res.resume().once('end', () => resolve(res.statusCode));
    })
      .once('error', reject)
      .end();
  });

let failed = 0;
let turn = 0;
for (let hundred = 0; hundred < Number(process.argv[2]); hundred += 1) {
  for (let at = 0; at < 100; at += 1) {
    turn += 1;
    const running = Array.from({ length: 8 }, ask);
    reload(options(turn));
    for (const status of await Promise.all(running)) if (status !== 200) failed += 1;
  }
  // What has been retired is closed in a moment.
  await new Promise((resolve) => setTimeout(resolve, 200));
  global.gc?.();
  const { heapUsed } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  console.log(JSON.stringify({ failed, heapUsed, timers }));
}
await close();
process.exit();
