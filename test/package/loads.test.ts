import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { project } from './consumer-folder.js';

const run = promisify(execFile);

/** What checking options takes, and reading an address. */
const core = ['forwarded', 'ipaddr.js', 'leven', 'proxy-addr', 'zod'];

const jwt = [
  'ecdsa-sig-formatter',
  'jsonwebtoken',
  'jwa',
  'jws',
  'lodash.includes',
  'lodash.isboolean',
  'lodash.isinteger',
  'lodash.isnumber',
  'lodash.isplainobject',
  'lodash.isstring',
  'lodash.once',
  'ms',
  'safe-buffer',
  'semver',
];
const globs = [
  'braces',
  'fill-range',
  'is-extglob',
  'is-glob',
  'is-number',
  'micromatch',
  'picomatch',
  'to-regex-range',
];
const debug = ['debug', 'has-flag', 'ms', 'supports-color'];
const httpProxy = [...globs, ...debug, 'http-proxy-middleware', 'httpxy', 'is-plain-obj'];
const prometheus = ['@opentelemetry/api', 'bintrees', 'prom-client', 'tdigest'];

const authenticate = [...jwt, 'cockatiel', 'lru-cache', 'rate-limiter-flexible', 'structured-headers'];
const rateLimit = ['cockatiel', 'lru-cache', 'rate-limiter-flexible'];
const analytics = [...prometheus, 'cockatiel', 'content-type', 'negotiator', 'rotating-file-stream'];

/** The client of Redis, for a gateway that is given a URL. */
const redis = [
  '@ioredis/commands',
  'cluster-key-slot',
  'denque',
  'ioredis',
  'redis-errors',
  'standard-as-callback',
];
const all = [
  ...authenticate,
  ...rateLimit,
  ...analytics,
  ...httpProxy,
  ...redis,
  'cors',
  'object-assign',
  'vary',
];

/**
 * What importing a subpath loads beside the core, and kilobytes that all of it, the core's too, may have. 835 of them
 * are zod's.
 */
const table: Record<string, readonly [packages: readonly string[], kilobytes: number]> = {
  gatewright: [all, 3200],
  'gatewright/authenticate': [authenticate, 1650],
  'gatewright/audit': [[], 1000],
  'gatewright/rate-limit': [rateLimit, 1400],
  'gatewright/analytics': [analytics, 1500],
  'gatewright/circuit-breaker': [['cockatiel'], 1150],
  'gatewright/bulkhead': [[], 1050],
  'gatewright/proxy-router': [httpProxy, 1400],
  'gatewright/server': [all, 3200],
  'gatewright/tracing': [['@opentelemetry/api'], 1100],
  'gatewright/undici': [['undici'], 2250],
};

/** Nothing of an address is read there. */
const withoutAddresses = ['gatewright/undici'];

/** Prints the files that an import has loaded, ECMAScript modules and CommonJS. */
const script = `
  import { createRequire, register } from 'node:module';
  import { fileURLToPath } from 'node:url';
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
  const names = Object.keys(await import(process.argv[2]));
  await new Promise((resolve) => setImmediate(resolve));
  const files = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
  const required = Object.keys(createRequire(import.meta.url).cache);
  const own = fileURLToPath(import.meta.url);
  process.stdout.write(JSON.stringify({ names, files: [...new Set([...files, ...required])].filter((file) => file !== own) }));`;

let folder: string;

async function loadedBy(specifier: string): Promise<{ names: string[]; files: string[] }> {
  const { stdout } = await run(process.execPath, ['loaded.mjs', specifier], { cwd: folder });
  return JSON.parse(stdout);
}

/** The innermost package that a file belongs to. */
const packageOf = (file: string): string => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file;

beforeAll(async () => {
  folder = await project('loads', { 'loaded.mjs': script });
}, 240_000);

test('the table has every subpath', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json');
  expect(Object.keys(table).sort()).toEqual(subpaths.map((path) => path.replace('.', 'gatewright')).sort());
});

describe('importing a subpath of the packed package', () => {
  test.each(Object.entries(table))(
    '%s loads its own packages alone',
    async (specifier, [packages, kilobytes]) => {
      const { names, files } = await loadedBy(specifier);
      expect(names.length).toBeGreaterThan(0);
      const floor = withoutAddresses.includes(specifier) ? ['leven', 'zod'] : core;
      const loaded = [...new Set(files.map(packageOf))].sort();
      expect(loaded).toEqual([...new Set(['gatewright', ...floor, ...packages])].sort());
      const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
      expect(bytes).toBeLessThan(kilobytes * 1000);
    },
  );
});
