import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { GatewayContext } from 'gatewright';
import { type BulkheadOptions, bulkhead } from 'gatewright/bulkhead';
import { contextOf } from '../../src/core/context.js';
import { cleanup, type mounts, send, serve } from '../helpers.js';
import { eventually } from '../redis-support.js';

type Mount = (typeof mounts)[number][1];

const bare: Mount = (middleware, last) => (req, res) => middleware(req, res, () => last(req, res));

/** Requests that the handler behind a bulkhead holds until they are told to end, by their paths. */
export async function behindBulkhead(options: BulkheadOptions, mount = bare, service?: () => string) {
  const places = bulkhead(options);
  cleanup(() => places.close());
  const held = new Map<string, ServerResponse>();
  const order: string[] = [];
  const contexts = new Map<string, GatewayContext>();
  const name = (req: IncomingMessage) => (req.url ?? '').slice(1);
  const { url, port } = await serve(
    mount(
      (req, res, next) => {
        const context = contextOf(req, res);
        if (service)
          context.service = {
            name: service(),
            path: '/',
            rest: '/',
            cost: 0,
            permissions: [],
            forwardCredentials: false,
          };
        contexts.set(name(req), context);
        places(req, res, next);
      },
      (req, res) => {
        order.push(name(req));
        held.set(name(req), res);
      },
    ),
  );
  const state = (key = 'default') => places.states().get(key) ?? { running: 0, queued: 0 };

  /** Sends a request, and waits until the bulkhead has it. */
  async function ask(path: string) {
    const answer = send(url, `/${path}`);
    answer.catch(() => undefined);
    await eventually(() => {
      if (!contexts.has(path)) throw new Error('not there yet');
    });
    return answer.then(
      (each) => each,
      (error: Error) => error,
    );
  }

  /** The same, without waiting for its answer. */
  async function begin(path: string) {
    const answer = send(url, `/${path}`);
    answer.catch(() => undefined);
    await eventually(() => {
      if (!contexts.has(path)) throw new Error('not there yet');
    });
    return { answer };
  }

  /** A request whose client can leave. */
  async function beginToLeave(path: string) {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET /${path} HTTP/1.1\r\nHost: a\r\n\r\n`));
    socket.on('error', () => undefined);
    await eventually(() => {
      if (!contexts.has(path)) throw new Error('not there yet');
    });
    return async () => {
      socket.destroy();
      await once(socket, 'close');
    };
  }

  return { places, url, port, held, order, contexts, state, ask, begin, beginToLeave };
}
