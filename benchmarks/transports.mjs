// CPU of a gateway for each request that it forwards, over its two transports: `npm run bench:transports`.
// Upstream and clients are another process on another core; only what the gateway's process uses is counted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { cpuPerOperation, printTable } from './measure.mjs';
import { OTHER_CORE, OWN_CORE, pin } from './processes.mjs';

const BODY = Buffer.alloc(1024, 'x');
const CONNECTIONS = 32;
const REQUESTS = 4000;

if (process.argv[2] === 'load') await runLoad();
else await runGateways();

/** @param {import('node:http').Server} server @returns {Promise<number>} its port */
async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** The upstream, and clients that send requests to whichever port they are told. */
async function runLoad() {
  process.once('disconnect', () => process.exit());
  pin(OTHER_CORE);
  const port = await listen(createServer((_req, res) => void res.end(BODY)));
  /** @type {Map<number, Pool>} */
  const pools = new Map();
  process.on('message', async (/** @type {number} */ to) => {
    const pool = pools.get(to) ?? new Pool(`http://127.0.0.1:${to}`, { connections: CONNECTIONS });
    pools.set(to, pool);
    let left = REQUESTS;
    const client = async () => {
      while (left-- > 0) {
        const { statusCode, body } = await pool.request({ path: '/api/kgot/x', method: 'GET' });
        const { byteLength } = await body.arrayBuffer();
        if (statusCode !== 200 || byteLength !== BODY.length) throw new Error(`Answered with ${statusCode}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    process.send?.('done');
  });
  process.send?.(port);
}

async function runGateways() {
  const { proxyRouter } = await import('gatewright/proxy-router');
  const { undiciTransport } = await import('gatewright/undici');
  pin(OWN_CORE);
  const load = fork(fileURLToPath(import.meta.url), ['load']);
  load.once('exit', () => process.exit(1));
  const [upstream] = await once(load, 'message');
  const services = { '/api/kgot': `http://127.0.0.1:${upstream}` };

  /** @param {import('node:http').RequestListener} listener */
  const through = async (listener) => {
    const port = await listen(createServer(listener));
    return async () => {
      load.send(port);
      await once(load, 'message');
    };
  };
  /** @param {import('gatewright/proxy-router').Transport} [transport] */
  const over = (transport) => {
    const router = proxyRouter({ services, transport });
    return through((req, res) => router(req, res, () => void res.writeHead(404).end()));
  };

  const base = 'over http-proxy-middleware (default)';
  const results = await cpuPerOperation(
    {
      [base]: await over(),
      'over undici': await over(undiciTransport()),
      'no proxy: node:http answers by itself': await through((_req, res) => void res.end(BODY)),
    },
    { operations: REQUESTS },
  );
  const title = `Node ${process.version}: a GET of 1 KB, ${CONNECTIONS} at a time, medians of interleaved rounds`;
  printTable(title, results, base);
  process.exit(0);
}
