import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { EventQueue } from '../../src/analytics/event-queue.js';
import { EventQueues } from '../../src/analytics/event-queues.js';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import type { Sink } from '../../src/analytics/sink.js';
import { type SinkQueueOptions, sinkQueueSchema } from '../../src/analytics/sink-options.js';
import { silentLogger } from '../../src/core/logger.js';
import { checkOptions } from '../../src/core/options.js';
import { event, events, lines } from './sink-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const settings = (options: SinkQueueOptions) => checkOptions('sinks', sinkQueueSchema, options);
const queueOf = (sink: Sink, options: SinkQueueOptions = {}, logger = silentLogger) =>
  new EventQueue(sink, settings(options), logger);

/** A sink that keeps what it is given, and settles when it is told. */
function heldSink() {
  const batches: (readonly RequestEvent[])[] = [];
  const settle: { done: () => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  const sink: Sink = {
    write: (batch, signal) =>
      new Promise<void>((done, fail) => {
        batches.push(batch);
        settle.push({ done, fail, signal });
      }),
  };
  return { sink, batches, settle };
}

/** A promise of the user's own making that throws. */
const throwingThenable = new Proxy({} as Promise<void>, {
  get: () => () => {
    throw new Error('no');
  },
});

const ids = (batch: readonly RequestEvent[] | undefined) => batch?.map(({ id }) => id);
const add = (queue: EventQueue, count: number): void => {
  for (const each of events(count)) queue.add(each);
};
const lost = (changes: object) => ({ full: 0, failed: 0, timeout: 0, closed: 0, ...changes });

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

describe('closing', () => {
  test('writes what waits, then closes the sink, once', async () => {
    const done: string[] = [];
    const queue = queueOf(
      {
        write: (batch) => void done.push(`write ${batch.length}`),
        close: () => void done.push('close'),
      },
      { batchSize: 2 },
    );
    add(queue, 5);
    await Promise.all([queue.close(), queue.close()]);
    expect(done).toEqual(['write 2', 'write 2', 'write 1', 'close']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('waits for the write under way', async () => {
    const { sink, batches, settle } = heldSink();
    const queue = queueOf(sink, { batchSize: 1 });
    add(queue, 2);
    await turn();
    const closed = queue.close();
    settle[0]?.done();
    await turn();
    settle[1]?.done();
    await closed;
    expect(batches).toHaveLength(2);
    expect(queue.counts()).toMatchObject({ written: 2, buffered: 0, lost: lost({}) });
  });

  test('ends at its deadline, whatever the sink does, and counts what is lost', async () => {
    const { sink, settle } = heldSink();
    const hanging: Sink = { ...sink, close: () => new Promise(() => undefined) };
    const queue = queueOf(hanging, { batchSize: 2, closeTimeoutMs: 3000 });
    add(queue, 5);
    await turn();
    const closed = queue.close();
    jest.advanceTimersByTime(3000);
    await closed;
    expect(settle[0]?.signal.aborted).toBe(true);
    expect(queue.counts()).toMatchObject({ written: 0, buffered: 0, lost: lost({ closed: 5 }) });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('survives a sink that cannot be closed', async () => {
    const { said, logger } = lines();
    const close = (): never => {
      throw new Error('no');
    };
    await queueOf({ name: 'bad', write: () => undefined, close }, {}, logger).close();
    expect(said).toMatchObject([{ level: 'warn', details: { sink: 'bad', error: 'Error: no' } }]);
  });

  test('counts what comes later as lost', async () => {
    const queue = queueOf({ write: () => undefined });
    await queue.close();
    queue.add(event());
    expect(queue.counts()).toMatchObject({ buffered: 0, lost: lost({ closed: 1 }) });
    expect(jest.getTimerCount()).toBe(0);
  });
});

/** A queue in a world where anything can happen, in any order. */
class World {
  readonly #held = heldSink();
  #throws = false;
  #added = 0;
  readonly queue = queueOf(
    {
      write: (batch, signal) => {
        if (this.#throws) throw new Error('no');
        return this.#held.sink.write(batch, signal);
      },
    },
    { batchSize: 4, maxBuffered: 10, writeTimeoutMs: 5000, closeTimeoutMs: 2000 },
  );

  add(count: number): void {
    add(this.queue, count);
    this.#added += count;
  }
  wait(ms: number): void {
    jest.advanceTimersByTime(ms);
  }
  settle(well: number): void {
    if (well === 1) this.#held.settle.at(-1)?.done();
    else this.#held.settle.at(-1)?.fail(new Error('no'));
  }
  turnBad(bad: number): void {
    this.#throws = bad === 1;
  }
  check(): void {
    const { written, buffered, lost } = this.queue.counts();
    expect(written + buffered + lost.full + lost.failed + lost.timeout + lost.closed).toBe(this.#added);
    expect(buffered).toBeLessThanOrEqual(10 + 4);
  }
}

test('every event is written, lost or buffered, whatever happens, and what is buffered is bounded', async () => {
  const either = fc.integer({ min: 0, max: 1 });
  const step = fc.oneof(
    fc.tuple(fc.constant('add' as const), fc.integer({ min: 1, max: 12 })),
    fc.tuple(fc.constant('wait' as const), fc.integer({ min: 1, max: 12_000 })),
    fc.tuple(fc.constant('settle' as const), either),
    fc.tuple(fc.constant('turnBad' as const), either),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      for (const [kind, value] of steps) {
        world[kind](value);
        world.check();
        await turn();
        world.check();
      }
      const closed = world.queue.close();
      for (let round = 0; round < 8; round += 1) await turn();
      jest.advanceTimersByTime(2000);
      await closed;
      world.check();
      expect(world.queue.counts().buffered).toBe(0);
    }),
    { numRuns: process.env['SOAK'] ? 3000 : 150 },
  );
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
