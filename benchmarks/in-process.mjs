// Requests without a network: real messages of Node's on connections that go nowhere, and a transport that answers when it
// is told to. What is left is what a gateway does by itself.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { PREFIX } from './gateway/shapes.mjs';

/** @typedef {import('gatewright/proxy-router').Attempt} Attempt */
/** @typedef {import('gatewright/proxy-router').Transport} Transport */
/** @typedef {(req: IncomingMessage, res: ServerResponse) => void} Listener */

/** What runs at a time: with more, what waits for its turn would pile up and be what is measured. */
const AT_ONCE = 16;

export const BODY = Buffer.alloc(1024, 'x');
const head = {
  statusCode: 200,
  statusMessage: 'OK',
  rawHeaders: ['Content-Type', 'application/octet-stream', 'Content-Length', '1024', 'ETag', '"1"'],
};
const flow = { pause() {}, resume() {} };
const running = { cancel() {} };

/** What an upstream would answer: held until somebody says so. @implements {Transport} */
export class HeldTransport {
  /** @type {Attempt[]} */
  #held = [];

  /** @param {Attempt} attempt */
  forward(attempt) {
    this.#held.push(attempt);
    return running;
  }

  close() {}

  answer() {
    const held = this.#held;
    this.#held = [];
    for (const attempt of held) {
      attempt.onHead(head, flow);
      attempt.onData(BODY);
      attempt.onEnd([]);
    }
  }
}

/** A connection of a client who takes everything. */
class Connection extends Socket {
  /** @type {(() => void)[]} */
  #written = [];
  /** Who is at the other end, as `remoteAddress` finds it. */
  _peername = { address: '192.0.2.1', family: 'IPv4', port: 40_000 };

  /** @override @param {unknown} _chunk @param {unknown} encoding @param {unknown} [callback] @returns {boolean} */
  write(_chunk, encoding, callback) {
    const written = typeof encoding === 'function' ? encoding : callback;
    if (typeof written === 'function') this.#written.push(/** @type {() => void} */ (written));
    return true;
  }

  flush() {
    const written = this.#written;
    this.#written = [];
    for (const callback of written) callback();
  }
}

const connections = Array.from({ length: AT_ONCE }, () => new Connection().setMaxListeners(0));

/** @param {Connection} connection @param {readonly string[]} rawHeaders */
function requestOn(connection, rawHeaders) {
  const req = new IncomingMessage(connection);
  const parsed = { method: 'GET', url: `${PREFIX}/1k`, httpVersion: '1.1' };
  Object.assign(req, parsed, { httpVersionMajor: 1, httpVersionMinor: 1 });
  // As the parser hands them over; they are made into an object when somebody reads them.
  /** @type {any} */ (req)._addHeaderLines([...rawHeaders], rawHeaders.length);
  req.complete = true;
  req.push(null);
  return req;
}

/**
 * Has a listener answer so many requests.
 *
 * @param {Listener} listener
 * @param {number} count
 * @param {{ transport?: HeldTransport, headers?: Record<string, string>, status?: number }} options
 */
export async function drive(listener, count, { transport, headers = {}, status = 200 } = {}) {
  const fields = { Host: 'gateway.example', 'User-Agent': 'bench', Accept: '*/*', ...headers };
  const rawHeaders = Object.entries(fields).flat();
  let ended = 0;
  for (let begun = 0; begun < count; ) {
    for (const connection of connections) {
      if (begun === count) break;
      begun += 1;
      const req = requestOn(connection, rawHeaders);
      const res = new ServerResponse(req);
      res.assignSocket(connection);
      // As the server does.
      res.on('finish', () => {
        res.detachSocket(connection);
        res.emit('close');
        ended += res.statusCode === status ? 1 : Number.NaN;
      });
      listener(req, res);
    }
    while (ended < begun) {
      await setImmediate();
      transport?.answer();
      for (const connection of connections) connection.flush();
    }
    if (Number.isNaN(ended)) throw new Error(`A request was not answered with ${status}`);
  }
}
