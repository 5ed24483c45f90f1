import { expect, jest, test } from '@jest/globals';
import { type BreakerEvent, GatewayEvents, type Logger } from 'gatewright';

const opened: BreakerEvent = { key: 'kgot', from: 'closed', to: 'open' };

function recorder() {
  return {
    info: jest.fn<Logger['info']>(),
    warn: jest.fn<Logger['warn']>(),
    error: jest.fn<Logger['error']>(),
  };
}

test('tells every listener', () => {
  const events = new GatewayEvents();
  const heard: BreakerEvent[] = [];
  events.on('breaker', (event) => heard.push(event));
  events.on('breaker', (event) => heard.push(event));
  events.publish('breaker', opened);
  expect(heard).toEqual([opened, opened]);
});

test('a listener that throws hurts nobody, and is logged', () => {
  const logger = recorder();
  const events = new GatewayEvents(logger);
  const other = jest.fn();
  events.on('breaker', () => {
    throw new Error('listener is broken');
  });
  events.on('breaker', other);
  expect(() => events.publish('breaker', opened)).not.toThrow();
  expect(other).toHaveBeenCalledWith(opened);
  expect(logger.error).toHaveBeenCalledWith('An event listener threw', {
    event: 'breaker',
    error: 'Error: listener is broken',
  });
});

test('tells a listener that was added with once() once', () => {
  const events = new GatewayEvents();
  const listener = jest.fn();
  events.once('breaker', listener);
  events.publish('breaker', opened);
  events.publish('breaker', opened);
  expect(listener).toHaveBeenCalledTimes(1);
});
