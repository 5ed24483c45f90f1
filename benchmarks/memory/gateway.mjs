// A gateway whose memory is measured: `node --expose-gc gateway.mjs <upstream> <upstream>` prints the port that it listens at
// and the header fields of its clients, and says what it holds when it is asked.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGateway } from 'gatewright';
import { everything, serviceOf } from '../layers.mjs';

const gateway = createGateway({ ...everything, services: serviceOf(process.argv.slice(2)) });
const fields = async (/** @type {string} */ tier) => ({
  'X-API-Key': String((await gateway.apiKeys?.create({ name: tier, tier }))?.key),
});
const server = createServer(gateway.listener);
gateway.attach(server);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const megabytes = (/** @type {number} */ bytes) => bytes / 2 ** 20;

process.on('message', async () => {
  // What ends by itself has ended, and what is collected in steps is collected.
  for (let round = 0; round < 5; round += 1) {
    await sleep(200);
    globalThis.gc?.();
  }
  const { heapUsed, rss, external, arrayBuffers } = process.memoryUsage();
  process.send?.({
    heapUsed: megabytes(heapUsed),
    rss: megabytes(rss),
    external: megabytes(external + arrayBuffers),
  });
});
process.once('disconnect', () => process.exit());
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
console.log(JSON.stringify({ port, headers: await fields('bench'), refused: await fields('refused') }));
