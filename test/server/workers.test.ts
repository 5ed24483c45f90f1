import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { assertShareable } from 'gatewright/server';
import { cleanup, send } from '../helpers.js';
import { upstream } from '../proxy-router/support.js';
import { RedisServer } from '../redis-server.js';
import { eventually } from '../redis-support.js';

/** The program of several workers, and the lines that it prints. */
function program(options: object) {
  const script = new URL('workers-process.mjs', import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  cleanup(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    await exited;
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
  const listening = (): { url: string; pid: number }[] =>
    lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return { child, lines, listening };
}

async function started(more: object = {}) {
  const behind = await upstream();
  const redis = await RedisServer.start();
  const { child, lines, listening } = program({
    count: 2,
    host: '127.0.0.1',
    port: 0,
    redis: redis.url,
    services: { '/api': behind.url },
    authenticate: false,
    ...more,
    rateLimit: { tiers: { free: { requestsPerMinute: 20 } } },
  });
  await eventually(() => expect(listening()).toHaveLength(2));
  const url = listening()[0]?.url ?? '';
  return { child, lines, listening, url };
}

test('workers serve one port, count limits together, and show what all have counted', async () => {
  const { url, listening, child } = await started();
  expect(new Set(listening().map((worker) => worker.url)).size).toBe(1);
  const statuses: number[] = [];
  for (let turn = 0; turn < 30; turn += 1) statuses.push((await send(url, '/api')).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  const headers = { Accept: 'text/plain' };
  const { body } = await send(url, '/metrics', { headers });
  const counted = [...body.matchAll(/^http_server_request_duration_seconds_count\{.*\} (\d+)$/gm)];
  expect(counted.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(30);
  const open = await send(url, '/metrics', {
    headers: { Accept: 'application/openmetrics-text; version=1.0.0' },
  });
  expect(open.body.endsWith('# EOF\n')).toBe(true);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('a worker that is killed is replaced', async () => {
  const { url, listening, lines } = await started();
  process.kill(listening()[0]?.pid as number, 'SIGKILL');
  await eventually(() => expect(listening()).toHaveLength(3));
  expect(lines).toContain('A worker has ended');
  expect((await send(url, '/api')).status).toBe(200);
});

test('workers have ended when they have, though something of theirs keeps their channel open', async () => {
  const { child } = await started({ heir: true });
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('workers that keep ending are given up', async () => {
  const { child, lines } = program({ count: 2, services: {} });
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(lines).toContain('Workers keep ending: no more are started');
});

test('several workers without a Redis are refused', () => {
  expect(() => assertShareable({}, 2)).toThrow(ConfigError);
  expect(() => assertShareable({}, 2)).toThrow('`workers` needs `redis`');
  assertShareable({}, 1);
  assertShareable({ redis: 'redis://localhost' }, 2);
});
