// What an open breaker costs, and how soon it closes: `npm run bench:circuit-breaker`. An upstream that fails hard and
// recovers, and its clients, are another process on another core; only what the gateway's process uses is counted.
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
const HALF_OPEN_AFTER_MS = 1000;

if (process.argv[2] === 'load') await runLoad();
else await runGateways();

/** @param {import('node:http').Server} server @returns {Promise<number>} its port */
async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** The upstream, and clients that send requests, or wait until one of them succeeds. */
async function runLoad() {
  process.once('disconnect', () => process.exit());
  pin(OTHER_CORE);
  let isDead = false;
  let reached = 0;
  const port = await listen(
    createServer((_req, res) => {
      reached += 1;
      res.writeHead(isDead ? 500 : 200).end(BODY);
    }),
  );
  /** @type {Map<number, Pool>} */
  const pools = new Map();
  /** @param {Pool} pool */
  const ask = async (pool) => {
    const { statusCode, body } = await pool.request({ path: '/api/kgot/x', method: 'GET' });
    await body.arrayBuffer();
    return statusCode;
  };

  /** @param {Pool} pool @param {number} expected */
  async function rush(pool, expected) {
    let left = REQUESTS;
    const client = async () => {
      while (left-- > 0) {
        const status = await ask(pool);
        if (status !== expected) throw new Error(`Answered with ${status}, not ${expected}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
  }

  /** The upstream dies under load, and is back before the breaker tries it. @param {Pool} pool */
  async function recover(pool) {
    isDead = true;
    while ((await ask(pool)) !== 503);
    const openedAt = performance.now();
    isDead = false;
    reached = 0;
    let refused = 0;
    let closedAt = 0;
    let reachedFirst = 0;
    const client = async () => {
      while (closedAt === 0) {
        if ((await ask(pool)) === 503) refused += 1;
        else if (closedAt === 0) {
          closedAt = performance.now();
          reachedFirst = reached;
        }
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    return { ms: closedAt - openedAt, refused, reached: reachedFirst };
  }

  process.on('message', async (/** @type {{ to: number, expected?: number, dead?: boolean }} */ told) => {
    const pool = pools.get(told.to) ?? new Pool(`http://127.0.0.1:${told.to}`, { connections: CONNECTIONS });
    pools.set(told.to, pool);
    if (told.dead !== undefined) isDead = told.dead;
    if (told.expected === undefined) process.send?.(await recover(pool));
    else {
      await rush(pool, told.expected);
      process.send?.('done');
    }
  });
  process.send?.(port);
}

async function runGateways() {
  const { createGateway } = await import('gatewright');
  pin(OWN_CORE);
  const load = fork(fileURLToPath(import.meta.url), ['load']);
  load.once('exit', () => process.exit(1));
  const [upstream] = await once(load, 'message');

  const gatewayOf = async () => {
    const gateway = createGateway({
      authenticate: false,
      rateLimit: false,
      circuitBreaker: { halfOpenAfterMs: HALF_OPEN_AFTER_MS },
      services: { '/api/kgot': `http://127.0.0.1:${upstream}` },
    });
    return { gateway, to: await listen(createServer(gateway.listener)) };
  };
  /** @param {object} message */
  const tell = async (message) => {
    load.send(message);
    const [answer] = await once(load, 'message');
    return answer;
  };

  const closed = await gatewayOf();
  const open = await gatewayOf();
  await open.gateway.circuitBreaker?.isolate('kgot');
  const base = 'proxied: the breaker is closed';
  const results = await cpuPerOperation(
    {
      [base]: () => tell({ to: closed.to, expected: 200 }),
      'refused: the breaker is open': () => tell({ to: open.to, expected: 503 }),
    },
    { operations: REQUESTS },
  );
  const title = `Node ${process.version}: a GET of 1 KB, ${CONNECTIONS} at a time, medians of interleaved rounds`;
  printTable(title, results, base);

  const { ms, refused, reached } = await tell({ to: (await gatewayOf()).to });
  console.log(
    `\nRecovery under load, ${HALF_OPEN_AFTER_MS} ms until half-open: closed after ${Math.round(ms)} ms.`,
  );
  console.log(
    `  ${refused} requests were refused meanwhile; ${reached} had reached the upstream when the first was answered.`,
  );
  process.exit(0);
}
