import { expect, test } from '@jest/globals';
import { healthOf, type StatusReport, type StatusSource } from '../../src/core/status.js';

const noon = new Date('2024-01-01T12:00:00.123Z');
const says = (report: StatusReport): StatusSource => ({ status: () => report });

test('is in the documented shape', () => {
  const health = healthOf(
    [
      says({ services: { alita: true }, middleware: { analytics: true } }),
      says({ services: { kgot: true } }),
    ],
    noon,
  );
  expect(health).toEqual({
    status: 'healthy',
    timestamp: '2024-01-01T12:00:00Z',
    components: { redis: null, services: { alita: true, kgot: true }, middleware: { analytics: true } },
  });
});

test.each<[string, Record<string, boolean>]>([
  ['healthy', { alita: true, kgot: true }],
  ['degraded', { alita: true, kgot: false }],
  ['unhealthy', { alita: false, kgot: false }],
  ['healthy', {}],
])('is %s with services %j', (status, services) => {
  expect(healthOf([says({ services })], noon).status).toBe(status);
});

test('takes a service for down if one part says so, whatever the order', () => {
  const up = says({ services: { kgot: true } });
  const down = says({ services: { kgot: false } });
  expect(healthOf([up, down], noon).components.services).toEqual({ kgot: false });
  expect(healthOf([down, up], noon).components.services).toEqual({ kgot: false });
});

test('lets a part that is on overrule what was said of it before', () => {
  const off = says({ middleware: { analytics: false, circuit_breaker: false } });
  const on = says({ middleware: { analytics: true } });
  expect(healthOf([off, on], noon).components.middleware).toEqual({
    analytics: true,
    circuit_breaker: false,
  });
});
