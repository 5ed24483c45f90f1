import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Ending, Outcome } from 'gatewright';
import { contextOf } from '../../src/core/context.js';
import { cleanup, send, serve } from '../helpers.js';

/** What an outcome told, in order. */
interface Log {
  readonly calls: string[];
  readonly outcome: Outcome;
}

/** A server whose answer is observed; `ended` is the log of its first request when that has ended. */
async function observe(answer: (res: ServerResponse, outcome: Outcome, req: IncomingMessage) => void) {
  let settle: (log: Log) => void;
  const ended = new Promise<Log>((resolve) => {
    settle = resolve;
  });
  const listener: RequestListener = (req, res) => {
    const { outcome } = contextOf(req, res);
    const calls: string[] = [];
    outcome.onEnd((ending) => {
      calls.push(`end: ${ending} ${outcome.status}`);
      setImmediate(() => settle({ calls, outcome }));
    });
    outcome.onHeaders(() => calls.push(`headers: ${outcome.status}`));
    answer(res, outcome, req);
  };
  return { ...(await serve(listener)), ended };
}

/** A client that sends a request, and leaves when it is told to. */
function visit(port: number) {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
  socket.on('error', () => undefined);
  cleanup(() => socket.destroy());
  return socket;
}

test('finished, with headers told first', async () => {
  const { url, ended } = await observe((res) => {
    res.statusCode = 201;
    res.end('done');
  });
  await send(url, '/');
  expect((await ended).calls).toEqual(['headers: 201', 'end: finished 201']);
});

test('tells headers once where they are written by hand', async () => {
  const { url, ended } = await observe((res) => {
    res.writeHead(418, { 'X-Pot': 'tea' });
    res.write('short');
    res.end(' and stout');
  });
  const answer = await send(url, '/');
  expect(answer.headers['x-pot']).toBe('tea');
  expect((await ended).calls).toEqual(['headers: 418', 'end: finished 418']);
});

test('tells headers when they are flushed, long before the end', async () => {
  const { port, ended } = await observe((res, outcome) => {
    res.flushHeaders();
    outcome.onHeaders(() => res.end());
  });
  visit(port);
  expect((await ended).calls).toEqual(['headers: 200', 'end: finished 200']);
});

test('aborted by the client before headers', async () => {
  const { port, ended } = await observe(() => socket.destroy());
  const socket = visit(port);
  expect((await ended).calls).toEqual(['end: aborted 499']);
});

test('aborted by the client after headers', async () => {
  const { port, ended } = await observe((res) => res.write('the beginning'));
  const socket = visit(port).once('data', () => socket.destroy());
  expect((await ended).calls).toEqual(['headers: 200', 'end: aborted 200']);
});

test('failed, where what produces the answer broke', async () => {
  const cause = new Error('upstream reset');
  const { port, ended } = await observe((res, outcome) => {
    res.write('the beginning');
    outcome.fail(cause);
    res.destroy();
  });
  visit(port);
  const { calls, outcome } = await ended;
  expect(calls).toEqual(['headers: 200', 'end: failed 200']);
  expect(outcome.cause).toBe(cause);
});

test('finished all the same, where an answer could still be given after a failure', async () => {
  const { url, ended } = await observe((res, outcome) => {
    outcome.fail(new Error('upstream refused'));
    res.statusCode = 502;
    res.end();
  });
  await send(url, '/');
  expect((await ended).calls).toEqual(['headers: 502', 'end: finished 502']);
});

test('keeps the first cause, and knows a failure without one', async () => {
  const { port, ended } = await observe((res, outcome) => {
    outcome.fail(undefined);
    outcome.fail(new Error('later'));
    res.destroy();
  });
  visit(port);
  const { outcome } = await ended;
  expect(outcome.ending).toBe('failed');
  expect(String(outcome.cause)).toBe('Error: The response was cut short');
});

test('calls listeners of the end last-added-first, and late ones at once', async () => {
  const order: string[] = [];
  const { url, ended } = await observe((res, outcome) => {
    for (const name of ['analytics', 'limits', 'breaker']) outcome.onEnd(() => order.push(name));
    res.end();
  });
  await send(url, '/');
  const { outcome } = await ended;
  expect(order).toEqual(['breaker', 'limits', 'analytics']);
  const late: (Ending | 'headers')[] = [];
  outcome.onEnd((ending) => late.push(ending));
  outcome.onHeaders(() => late.push('headers'));
  expect(late).toEqual(['finished', 'headers']);
});

test('is settled at once where the client left before anybody looked', async () => {
  const seen = new Promise<Outcome>((resolve) => {
    serve((req, res) => {
      res.once('close', () => resolve(contextOf(req, res).outcome));
      socket.destroy();
    }).then(({ port }) => {
      socket = visit(port);
    });
  });
  let socket: ReturnType<typeof visit>;
  const outcome = await seen;
  const late: string[] = [];
  outcome.onEnd((ending) => late.push(`${ending} ${outcome.status}`));
  outcome.onHeaders(() => late.push('headers'));
  expect(late).toEqual(['aborted 499']);
});

test('is finished at once where the answer was given before anybody looked', async () => {
  const seen = new Promise<Outcome>((resolve) => {
    serve((req, res) => {
      res.once('close', () => resolve(contextOf(req, res).outcome));
      res.writeHead(204).end();
    }).then(({ url }) => send(url, '/'));
  });
  const { ending, status } = await seen;
  expect({ ending, status }).toEqual({ ending: 'finished', status: 204 });
});

test('two outcomes of one response, as of a request that was copied, both hear of its head', async () => {
  const heard: string[] = [];
  const { url, ended } = await observe((res, _outcome, req) => {
    const copy = Object.create(req, { gateway: { value: undefined, writable: true } }) as IncomingMessage;
    const second = contextOf(copy, res).outcome;
    second.onHeaders(() => heard.push('second'));
    res.writeHead(201).end();
  });
  expect((await send(url, '/')).status).toBe(201);
  expect((await ended).calls).toEqual(['headers: 201', 'end: finished 201']);
  expect(heard).toEqual(['second']);
});

test('an answer that waits behind another one, of a client that leaves, is aborted', async () => {
  const endings: string[] = [];
  let settle: () => void;
  const all = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const { port } = await serve((req, res) => {
    contextOf(req, res).outcome.onEnd((ending) => {
      if (endings.push(`${req.url} ${ending}`) === 3) settle();
    });
    if (req.url === '/done') res.end('done');
    if (req.url === '/last') socket.destroy();
  });
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(
      ['/held', '/done', '/last'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
    ),
  );
  await all;
  expect(endings.sort()).toEqual(['/done aborted', '/held aborted', '/last aborted']);
});
