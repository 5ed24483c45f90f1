import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { Sink } from '../../src/analytics/sink.js';
import { add, heldSink, lost, queueOf, turn } from './event-queue-support.js';
import { event, lines } from './sink-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
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
