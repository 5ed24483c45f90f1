import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { errors, watched } from './alert-support.js';
import { receiver } from './sink-support.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('telling', () => {
  const broken = (watch: ReturnType<typeof watched>): void => {
    watch.record(10, { status: 500 });
    watch.evaluate();
  };

  test('goes to the logger', () => {
    const watch = watched([errors]);
    broken(watch);
    watch.record(1000);
    watch.evaluate();
    expect(watch.said).toMatchObject([
      { level: 'warn', message: 'An alert fires', details: { rule: 'error_rate', value: 1 } },
      { level: 'warn', message: 'An alert is over' },
    ]);
  });

  test('survives a callback that throws, rejects or hangs', async () => {
    for (const onAlert of [
      () => {
        throw new Error('no');
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const watch = watched([errors], { onAlert });
      broken(watch);
      await new Promise(setImmediate);
      expect(watch.said).toContainEqual({
        level: 'error',
        message: 'The callback of alerts failed',
        details: { rule: 'error_rate', state: 'firing', error: 'Error: no' },
      });
    }
    const hanging = jest.fn(() => new Promise(() => undefined));
    const rules = Array.from({ length: 100 }, (_, nth) => ({ ...errors, name: `rule ${nth}` }));
    const watch = watched(rules, { onAlert: hanging });
    broken(watch);
    watch.record(1000);
    watch.evaluate();
    expect(hanging).toHaveBeenCalledTimes(100);
    expect(watch.said.filter(({ level }) => level === 'warn')).toHaveLength(200);
  });

  test('says what fires now', () => {
    const watch = watched([errors]);
    broken(watch);
    expect(watch.alerts.firing()).toMatchObject([{ rule: 'error_rate', state: 'firing' }]);
    watch.record(1000);
    watch.evaluate();
    expect(watch.alerts.firing()).toEqual([]);
  });

  test('ends when it is closed', async () => {
    const watch = watched([errors, { metric: 'breaker_state' }]);
    await watch.alerts.close();
    broken(watch);
    expect(watch.told).toEqual([]);
    expect(watch.events.listenerCount('breaker') + watch.events.listenerCount('storeMode')).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the webhook', () => {
  const secret = 'a secret of 24 bytes, or more';

  test('is sent each alert, signed, in order, and closing waits for it', async () => {
    jest.useRealTimers();
    const { url, received } = await receiver((res, nth) => res.writeHead(nth === 1 ? 500 : 200).end());
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'clearTimeout'],
    });
    const { alerts, record, evaluate } = watched([errors], { webhook: { url, secret, retryDelayMs: 1 } });
    record(10, { status: 500 });
    evaluate();
    record(1000);
    evaluate();
    await alerts.close();
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'alert.firing',
      'alert.firing',
      'alert.resolved',
    ]);
    expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id']);
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    expect(JSON.parse(received[2]?.body ?? '')).toMatchObject({
      timestamp: expect.any(String),
      data: { rule: 'error_rate', state: 'resolved', threshold: 0.05 },
    });
  });

  test('that is away is told of, and hurts nothing', async () => {
    jest.useRealTimers();
    const { url, server } = await receiver();
    server.close();
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'setTimeout', 'clearTimeout'],
    });
    const { alerts, record, evaluate, said } = watched([errors], { webhook: { url, secret, retries: 0 } });
    record(10, { status: 500 });
    evaluate();
    await alerts.close();
    expect(said).toMatchObject([
      { level: 'warn' },
      { level: 'error', message: 'An alert could not be sent' },
    ]);
    expect(JSON.stringify(said)).not.toContain('127.0.0.1');
  });
});
