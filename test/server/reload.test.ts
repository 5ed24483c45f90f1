import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { send } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { started } from './support.js';

const HUNDREDS = process.env['SOAK'] ? 10 : 1;

test('options are changed hundreds of times under load: no request fails, and nothing grows', async () => {
  const script = new URL('reload-process.mjs', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    script,
    String(HUNDREDS + 1),
  ]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(HUNDREDS + 1);
  // The first hundred fills caches.
  const [first, last] = [lines[0], lines.at(-1)];
  expect(last.failed).toBe(0);
  expect(last.heapUsed - first.heapUsed).toBeLessThan(3_000_000);
  expect(last.timers).toBeLessThanOrEqual(first.timers + 1);
}, 120_000);

test('what belongs to the server needs a restart, and is named', async () => {
  const behind = await upstream();
  const { url, port, reload } = await started({ services: { '/api': behind.url } });
  const services = { '/more': behind.url };
  const changed = reload({ authenticate: false, services, port: port + 1, server: { drainDelayMs: 5 } });
  expect(changed.restart).toEqual(['host', 'port', 'server']);
  expect(changed.changed).toContain('services');
  expect((await send(url, '/more')).status).toBe(200);
});
