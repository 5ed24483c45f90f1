import { describe, expect, test } from '@jest/globals';
import { otlpSink } from '../../src/analytics/otlp-sink.js';
import type { Sink } from '../../src/analytics/sink.js';
import { webhookSink } from '../../src/analytics/webhook-sink.js';
import { eventually } from '../redis-support.js';
import { queueOf } from './event-queue-support.js';
import { events, lines, receiver } from './sink-support.js';

const quick = { timeoutMs: 50, retryDelayMs: 1, retries: 1 };
const sinks: [string, (url: string) => Sink][] = [
  ['webhookSink', (url) => webhookSink({ url, secret: false, ...quick })],
  ['otlpSink', (url) => otlpSink({ url, ...quick })],
];
const rounds = process.env['SOAK'] ? 500 : 10;

describe.each(sinks)('%s', (_name, make) => {
  test('whose receiver is ill for long keeps its bounds, counts what is lost, and is back with it', async () => {
    let ill = true;
    // In turn: an error, a connection that breaks, and one that hangs.
    const { url, received } = await receiver((res, nth) => {
      if (!ill) res.end();
      else if (nth % 3 === 0) res.writeHead(500).end();
      else if (nth % 3 === 1) res.destroy();
    });
    const { said, logger } = lines();
    const queue = queueOf(make(url), { batchSize: 10, maxBuffered: 20, flushMs: 1 }, logger);
    let added = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = queue.counts().lost.failed;
      for (const each of events(50)) queue.add(each);
      added += 50;
      await eventually(() => expect(queue.counts().lost.failed).toBeGreaterThan(before));
      expect(queue.counts().buffered).toBeLessThanOrEqual(30);
    }
    ill = false;
    await eventually(() => expect(queue.counts().buffered).toBe(0));
    for (const each of events(5)) queue.add(each);
    await queue.close();
    const { written, lost } = queue.counts();
    expect(written).toBeGreaterThanOrEqual(5);
    expect(written + lost.full + lost.failed).toBe(added + 5);
    expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(received.length).toBeGreaterThan(rounds);
  }, 180_000);
});
