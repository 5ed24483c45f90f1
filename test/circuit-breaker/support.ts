import { EventEmitter, once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import type { GatewayContext, Logger } from 'gatewright';
import { type CircuitBreakerOptions, circuitBreaker } from 'gatewright/circuit-breaker';
import { contextOf } from '../../src/core/context.js';
import { cleanup, type mounts, send, serve } from '../helpers.js';

type Mount = (typeof mounts)[number][1];

const bare: Mount = (middleware, last) => (req, res) => middleware(req, res, () => last(req, res));

/** A clock that stands still until it is moved, and with `timers`, these too. Sockets stay real. */
export function fakeClock({ timers = false } = {}) {
  jest.useFakeTimers({
    now: Date.parse('2024-01-01T12:00:00Z'),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      ...(timers ? [] : (['setTimeout', 'clearTimeout'] as const)),
    ],
  });
  cleanup(() => jest.useRealTimers());
  return {
    advance(ms: number): void {
      if (timers) jest.advanceTimersByTime(ms);
      else jest.setSystemTime(Date.now() + ms);
    },
  };
}

/** What stands around a breaker. */
interface Behind {
  readonly mount?: Mount;
  readonly before?: (context: GatewayContext) => void;
  /** In place of the one that answers with the status in the path. */
  readonly handler?: RequestListener;
}

/**
 * A handler of the user's behind a breaker: it answers with the status in the path, or holds the request for
 * `/hold`. `before` runs in front of the breaker.
 */
export async function behindBreaker(
  options: CircuitBreakerOptions = {},
  { mount = bare, before, handler }: Behind = {},
) {
  const breaker = circuitBreaker(options);
  cleanup(() => breaker.close());
  const events = new EventEmitter();
  let reached = 0;
  const { url, port } = await serve(
    mount(
      (req, res, next) => {
        const context = contextOf(req, res);
        before?.(context);
        context.outcome.onEnd(() => setImmediate(() => events.emit('ended')));
        breaker(req, res, next);
      },
      (req, res) => {
        reached += 1;
        if (handler) handler(req, res);
        else if (req.url === '/hold') events.emit('held', res, req.gateway);
        else res.writeHead(Number(req.url?.slice(1))).end();
      },
    ),
  );

  /** Sends requests that are answered with these statuses, one after the other; gives the statuses that came back. */
  async function answers(...statuses: number[]): Promise<number[]> {
    const received: number[] = [];
    for (const status of statuses) received.push((await send(url, `/${status}`)).status);
    return received;
  }

  /** Sends a request that the handler holds, once it does. */
  async function hold() {
    const held = once(events, 'held') as Promise<[ServerResponse, GatewayContext]>;
    const answer = send(url, '/hold');
    answer.catch(() => undefined);
    const [res, context] = await held;
    return { res, context, answer };
  }

  /** Sends a request whose client leaves before there is an answer. */
  async function leave(): Promise<void> {
    const held = once(events, 'held');
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /hold HTTP/1.1\r\nHost: a\r\n\r\n'));
    await held;
    const ended = once(events, 'ended');
    socket.destroy();
    await ended;
  }

  return { url, breaker, answers, hold, leave, reached: () => reached };
}

/** Statuses of five failures: as many as open a breaker by default. */
export const five = [500, 500, 500, 500, 500];

/** A logger that keeps what it is told. */
export function recorder() {
  return {
    info: jest.fn<Logger['info']>(),
    warn: jest.fn<Logger['warn']>(),
    error: jest.fn<Logger['error']>(),
  };
}

/** Passes once everything that is under way in this process has been carried on. */
export const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
