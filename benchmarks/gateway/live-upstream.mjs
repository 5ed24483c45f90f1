// An upstream that does what files cannot: `node live-upstream.mjs` prints the two ports that it listens at. It streams
// events (`/events`, and `/events?count=3`; `/open` counts them, and `/end` ends them), echoes bodies (`/echo`) and WebSockets, and answers so many bytes (`/1k`).
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** Each open stream gets an event so often. */
const EVERY_MS = 100;
const TICK_MS = 10;
const SIZES = { '/1k': 1024, '/16k': 16 * 1024, '/1m': 1024 * 1024 };

const bodies = new Map(Object.entries(SIZES).map(([path, size]) => [path, Buffer.alloc(size, 'x')]));
/** @type {Set<import('node:http').ServerResponse>[]} */
const streams = Array.from({ length: EVERY_MS / TICK_MS }, () => new Set());
let opened = 0;
let tick = 0;

/** When it is sent, in so many characters that each event is of the same length. */
const event = () => {
  const at = (performance.timeOrigin + performance.now()).toFixed(3);
  return `data: {"at":"${at}","delta":"${'x'.repeat(60)}"}\n\n`;
};

setInterval(() => {
  tick = (tick + 1) % streams.length;
  for (const res of streams[tick] ?? []) res.write(event());
}, TICK_MS);

/** @type {import('node:http').RequestListener} */
function stream(req, res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const count = Number(/count=(\d+)/.exec(req.url ?? '')?.[1]);
  if (count > 0) {
    for (let at = 0; at < count; at += 1) res.write(event());
    res.end();
    return;
  }
  res.flushHeaders();
  const open = streams[opened++ % streams.length];
  open?.add(res);
  res.once('close', () => open?.delete(res));
}

function endAll() {
  for (const open of streams) for (const res of open) res.destroy();
  return 'ended';
}

/** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
async function echo(req, res) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  res.end(Buffer.concat(chunks));
}

/** @type {import('node:http').RequestListener} */
function answer(req, res) {
  const path = req.url?.split('?')[0] ?? '/';
  if (path === '/events') stream(req, res);
  else if (path === '/open') res.end(`${streams.reduce((sum, open) => sum + open.size, 0)}`);
  else if (path === '/end') res.end(endAll());
  else if (path === '/echo' || path === '/post') void echo(req, res).catch(() => res.destroy());
  else res.end(bodies.get(path) ?? 'hello');
}

const ports = [];
for (let at = 0; at < 2; at += 1) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) =>
    socket.on('message', (data, binary) => socket.send(data, { binary })),
  );
  await once(server, 'listening');
  ports.push(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
}
process.once('disconnect', () => process.exit());
console.log(JSON.stringify({ ports }));
