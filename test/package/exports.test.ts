import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const subpaths = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace(/^\./, 'gatewright'));

/** The packages that importing a built subpath loads, in a process of its own. */
async function loadedBy(specifier: string): Promise<string[]> {
  const script = `
    import { register } from 'node:module';
    const hooks = \`
      let port;
      export function initialize(given) { port = given; }
      export async function load(url, context, next) { port.postMessage(url); return next(url, context); }
    \`;
    const { port1, port2 } = new MessageChannel();
    const urls = [];
    port1.on('message', (url) => urls.push(url));
    port1.unref();
    register('data:text/javascript,' + encodeURIComponent(hooks), { data: port2, transferList: [port2] });
    await import('${specifier}');
    await new Promise((resolve) => setImmediate(resolve));
    const { createRequire } = await import('node:module');
    const cached = Object.keys(createRequire(import.meta.url).cache ?? {});
    console.log(JSON.stringify([...urls, ...cached]));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  const found = (JSON.parse(stdout) as string[]).map(
    (url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1],
  );
  return [...new Set(found.filter((name) => name !== undefined))].sort();
}

/** Packages of which each belongs to some factories alone. */
const owners: Record<string, readonly string[]> = {
  'http-proxy-middleware': ['proxy-router'],
  'prom-client': ['analytics'],
  negotiator: ['analytics'],
  'rotating-file-stream': ['analytics'],
  jsonwebtoken: ['authenticate'],
  'rate-limiter-flexible': ['authenticate', 'rate-limit'],
  'lru-cache': ['authenticate', 'rate-limit'],
  cockatiel: ['analytics', 'authenticate', 'rate-limit', 'circuit-breaker'],
  // Whoever wants Redis brings a client.
  ioredis: [],
  // Whoever wants undici's transport brings it, too.
  undici: [],
  // prom-client brings the API of OpenTelemetry along.
  '@opentelemetry/api': ['analytics', 'tracing'],
  // They are for the command line.
  commander: [],
  winston: [],
  yaml: [],
  cors: [],
  express: [],
};

const factories = [
  'audit',
  'authenticate',
  'rate-limit',
  'analytics',
  'circuit-breaker',
  'bulkhead',
  'proxy-router',
  'tracing',
];

describe('the built package', () => {
  test.each(subpaths)('%s can be imported', async (specifier) => {
    const { stdout } = await run(process.execPath, [
      '--input-type=module',
      '-e',
      `console.log(Object.keys(await import('${specifier}')).length > 0)`,
    ]);
    expect(stdout.trim()).toBe('true');
  });

  test.each(factories)('gatewright/%s loads no package of another factory', async (factory) => {
    const loaded = await loadedBy(`gatewright/${factory}`);
    expect(loaded).toContain('zod');
    const foreign = loaded.filter((name) => owners[name]?.includes(factory) === false);
    expect(foreign).toEqual([]);
  });

  test.each(['gatewright', 'gatewright/server'])(
    '%s loads nothing that not everybody has',
    async (specifier) => {
      const loaded = await loadedBy(specifier);
      expect(loaded).toContain('http-proxy-middleware');
      for (const name of ['undici', 'express', 'commander', 'winston', 'yaml'])
        expect(loaded).not.toContain(name);
    },
  );

  test('leaves no connection to Redis behind where a gateway cannot be made', async () => {
    const script = `
      const { createGateway } = await import('gatewright');
      const services = { '/v1/kgot': 'http://localhost:1', '/v2/kgot': 'http://localhost:2' };
      try { createGateway({ redis: 'redis://127.0.0.1:1', services }); } catch (error) { console.log(error.code); }`;
    // A connection that is left keeps the process alive, until the time-out kills it.
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 15_000,
    });
    expect(stdout.trim()).toBe('ERR_GATEWAY_CONFIG');
  });
});
