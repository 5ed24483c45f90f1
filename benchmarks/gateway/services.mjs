import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freePort, OTHER_CORE, spawnOn, startScript } from '../processes.mjs';
import { startFiles } from './nginx.mjs';

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** Streams events, and echoes bodies and WebSockets. @returns {Promise<string[]>} its URLs */
export async function startLiveUpstream() {
  const { ready } = await startScript(OTHER_CORE, process.execPath, [script('live-upstream.mjs')]);
  return ready.ports.map((/** @type {number} */ port) => `http://127.0.0.1:${port}`);
}

/** What contenders have behind them, on the core of the load. */
export async function startUpstreams() {
  const live = await startLiveUpstream();
  const { urls } = await startFiles(OTHER_CORE, live[0] ?? '');
  return { live, files: urls };
}

/** The load of long connections. */
export async function startConnections() {
  const { child } = await startScript(OTHER_CORE, process.execPath, [script('connections-load.mjs')]);
  return child;
}

export const redisProgram = () => process.env['REDIS_SERVER'] || 'redis-server';

/** A Redis of the benchmark's own, on the core of the load. @returns {Promise<string>} its URL */
export async function startRedis() {
  if (spawnSync(redisProgram(), ['--version']).status !== 0)
    throw new Error(
      'The benchmark needs a redis-server: install one (Debian: apt-get install redis-server), or set REDIS_SERVER to its path.',
    );
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-redis-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  spawnOn(OTHER_CORE, redisProgram(), settings);
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
  return `redis://127.0.0.1:${port}`;
}
