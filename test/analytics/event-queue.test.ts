import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EventQueues } from '../../src/analytics/event-queues.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import type { Sink } from '../../src/analytics/sink.js';
import { silentLogger } from '../../src/core/logger.js';
import { add, heldSink, lost, queueOf, settings, turn } from './event-queue-support.js';
import { event, lines } from './sink-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A promise of the user's own making that throws. */
const throwingThenable = new Proxy({} as Promise<void>, {
  get: () => () => {
    throw new Error('no');
  },
});

const ids = (batch: readonly RequestEvent[] | undefined) => batch?.map(({ id }) => id);
describe('batches', () => {
  test('are written after flushMs, in the order of their events', async () => {
    const { sink, batches } = heldSink();
    const queue = queueOf(sink, { flushMs: 1000 });
    add(queue, 3);
    jest.advanceTimersByTime(999);
    expect(batches).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(batches.map(ids)).toEqual([['0', '1', '2']]);
  });

  test('are written when they are full, but not while the event is added', async () => {
    const { sink, batches } = heldSink();
    const queue = queueOf(sink, { batchSize: 2 });
    add(queue, 2);
    expect(batches).toHaveLength(0);
    await turn();
    expect(batches.map(ids)).toEqual([['0', '1']]);
  });

  test('are written one at a time, and none is larger than batchSize', async () => {
    const { sink, batches, settle } = heldSink();
    const queue = queueOf(sink, { batchSize: 2 });
    add(queue, 5);
    await turn();
    await turn();
    expect(batches).toHaveLength(1);
    settle[0]?.done();
    await turn();
    await turn();
    expect(batches.map(ids)).toEqual([
      ['0', '1'],
      ['2', '3'],
    ]);
    expect(queue.counts()).toEqual({ sink: 'sink', written: 2, buffered: 3, lost: lost({}) });
  });

  test('are counted by what they had, whatever the sink does to them', async () => {
    const queue = queueOf({
      write: (batch) => {
        (batch as RequestEvent[]).length = 0;
      },
    });
    add(queue, 3);
    jest.advanceTimersByTime(1000);
    await turn();
    expect(queue.counts()).toMatchObject({ written: 3, buffered: 0 });
  });
});

describe('a sink', () => {
  test.each<[string, Sink]>([
    [
      'that throws',
      {
        name: 'bad',
        write: () => {
          throw new Error('no');
        },
      },
    ],
    ['that rejects', { name: 'bad', write: () => Promise.reject(new Error('no')) }],
    [
      'whose promise throws',
      {
        name: 'bad',
        write: () => throwingThenable,
      },
    ],
  ])('%s loses its batch, and is told of once', async (_name, sink) => {
    const { said, logger } = lines();
    const queue = queueOf(sink, { batchSize: 2 }, logger);
    for (let round = 0; round < 3; round += 1) {
      add(queue, 2);
      await turn();
      await turn();
    }
    expect(queue.counts()).toEqual({ sink: 'bad', written: 0, buffered: 0, lost: lost({ failed: 6 }) });
    expect(said).toEqual([
      {
        level: 'warn',
        message: 'A sink loses events',
        details: { sink: 'bad', reason: 'failed', error: 'Error: no' },
      },
    ]);
  });

  test('that fails with what cannot be shown is told of, too', async () => {
    const { said, logger } = lines();
    const queue = queueOf({ write: () => Promise.reject(Object.create(null)) }, {}, logger);
    queue.add(event());
    jest.advanceTimersByTime(1000);
    await turn();
    expect(said).toMatchObject([{ level: 'warn', details: { error: 'an error that cannot be shown' } }]);
  });

  test('that is back is told of', async () => {
    const { said, logger } = lines();
    const { sink, settle } = heldSink();
    const queue = queueOf(sink, { batchSize: 1 }, logger);
    queue.add(event());
    await turn();
    settle[0]?.fail(new Error('no'));
    await turn();
    queue.add(event());
    await turn();
    settle[1]?.done();
    await turn();
    expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  test('that is too slow for what comes is told of once, not with each batch that it takes', async () => {
    const { said, logger } = lines();
    const { sink, settle } = heldSink();
    const queue = queueOf(sink, { batchSize: 1, maxBuffered: 1 }, logger);
    add(queue, 3);
    for (let round = 0; round < 5; round += 1) {
      await turn();
      add(queue, 2);
      settle[round]?.done();
      await turn();
    }
    expect(queue.counts().lost.full).toBeGreaterThan(5);
    expect(said.map(({ level }) => level)).toEqual(['warn']);
  });

  test('that hangs is given up, told so by its signal, and holds a bounded number of events', async () => {
    const { sink, batches, settle } = heldSink();
    const queue = queueOf(sink, { batchSize: 10, maxBuffered: 20, writeTimeoutMs: 5000 });
    add(queue, 10);
    await turn();
    expect(settle[0]?.signal.aborted).toBe(false);
    jest.advanceTimersByTime(5000);
    expect(settle[0]?.signal.aborted).toBe(true);
    add(queue, 1000);
    jest.advanceTimersByTime(3_600_000);
    await turn();
    expect(batches).toHaveLength(1);
    expect(queue.counts()).toMatchObject({
      written: 0,
      buffered: 20,
      lost: lost({ timeout: 10, full: 980 }),
    });
    settle[0]?.done();
    await turn();
    await turn();
    expect(batches).toHaveLength(2);
    expect(queue.counts()).toMatchObject({ written: 0, buffered: 20 });
  });

  test('takes nothing from the others', async () => {
    const good = heldSink();
    const bad: Sink = {
      name: 'bad',
      write: () => {
        throw new Error('no');
      },
    };
    const queues = new EventQueues([bad, good.sink], settings({ batchSize: 1 }), silentLogger);
    queues.add(event());
    await turn();
    good.settle[0]?.done();
    await turn();
    expect(queues.counts()).toMatchObject([{ sink: 'bad', written: 0 }, { written: 1 }]);
  });
});

test.each<[string, object, string]>([
  ['no size', { batchSize: 0 }, '`sinks.batchSize` must be greater than 0, got 0.'],
  [
    'a buffer that holds no batch',
    { batchSize: 10, maxBuffered: 5 },
    '`sinks.maxBuffered` must be at least `batchSize`, which is 10, got 5.',
  ],
  ['an unknown option', { flushMS: 5 }, '`sinks.flushMS`: unknown option. Did you mean `flushMs`?'],
])('refuses %s', (_name, options, message) => {
  expect(() => settings(options)).toThrow(message);
});
