import { once } from 'node:events';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { PREFIX } from '../gateway/shapes.mjs';

/** @typedef {{ port: number, headers: Record<string, string>, refused: Record<string, string> }} Ready */

/** How many requests run at a time. */
const AT_ONCE = 32;
const BODY = 'x'.repeat(1024);

/**
 * What one of a thousand requests is: a GET or POST of 1 KB, one without a credential, over its limit, for no service, of
 * 1 MB, a short stream of events, or a WebSocket.
 *
 * @param {Ready} ready
 * @returns {readonly (readonly [weight: number, status: number, import('undici').Dispatcher.RequestOptions | 'socket'])[]}
 */
function mixOf({ headers, refused }) {
  const get = (/** @type {string} */ path, /** @type {Record<string, string>} */ fields = headers) =>
    /** @type {const} */ ({ method: 'GET', path: PREFIX + path, headers: fields });
  return [
    [560, 200, get('/1k')],
    [200, 200, { ...get('/post'), method: 'POST', body: BODY }],
    [80, 401, get('/1k', {})],
    [80, 429, get('/1k', refused)],
    [60, 404, { ...get('/1k'), path: '/nothing' }],
    [4, 200, get('/1m')],
    [12, 200, get('/events?count=3')],
    [4, 101, 'socket'],
  ];
}

/** @param {Ready} ready */
async function openSocket({ port, headers }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${PREFIX}/socket`, { headers });
  await once(socket, 'open');
  socket.send(BODY);
  await once(socket, 'message');
  socket.close();
  await once(socket, 'close');
}

/** Sends requests of all shapes, in the same order each time. */
export class MixedLoad {
  #sent = 0;
  /** @param {Ready} ready */
  constructor(ready) {
    this.ready = ready;
    this.pool = new Pool(`http://127.0.0.1:${ready.port}`, { connections: AT_ONCE });
    this.turns = mixOf(ready).flatMap(([weight, status, what]) => Array(weight).fill({ status, what }));
  }

  /** Until so many have been sent from the start. @param {number} total */
  async upTo(total) {
    const client = async () => {
      while (this.#sent < total) await this.#one(this.#sent++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
  }

  /** @param {number} at */
  async #one(at) {
    // A prime that spreads the few among the many.
    const { status, what } = this.turns[(at * 389) % this.turns.length];
    if (what === 'socket') return openSocket(this.ready);
    const answer = await this.pool.request(what);
    await answer.body.dump({ limit: 2 ** 21 });
    if (answer.statusCode !== status && at > this.turns.length)
      throw new Error(`${what.method} ${what.path} was answered with ${answer.statusCode}, not ${status}`);
  }
}
