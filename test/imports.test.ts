import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const depcruise = resolve('node_modules/.bin/depcruise');
let copy: string;

/** Checks a copy of src/ by the same command as `npm run imports`. */
function report(): Promise<string> {
  return run(depcruise, ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src'], {
    cwd: copy,
  }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

const planted: readonly (readonly [what: string, file: string, rule: string, code: string])[] = [
  [
    'one factory from another',
    'rate-limit/planted.ts',
    'factories-are-independent',
    "export { authenticate } from '../authenticate/index.js';",
  ],
  [
    'a type of another factory',
    'proxy-router/planted.ts',
    'factories-are-independent',
    "import type { AnalyticsOptions } from '../analytics/index.js'; export type Planted = AnalyticsOptions;",
  ],
  [
    'the gateway from a factory',
    'analytics/planted.ts',
    'factories-are-independent',
    "export { createGateway } from '../gateway/index.js';",
  ],
  [
    'the public face from a factory',
    'circuit-breaker/planted.ts',
    'factories-are-independent',
    "export { createGateway } from '../index.js';",
  ],
  [
    'a factory from core/',
    'core/planted.ts',
    'core-is-the-ground-floor',
    "export { rateLimit } from '../rate-limit/index.js';",
  ],
  ['itself', 'authenticate/planted.ts', 'no-circles', "export { planted } from './planted.js';"],
  [
    'a type of express',
    'gateway/planted.ts',
    'package-not-listed',
    "import type { Request } from 'express'; export type Planted = Request;",
  ],
  [
    'cockatiel out of its place',
    'gateway/planted-too.ts',
    'cockatiel-in-its-place',
    "export { retry } from 'cockatiel';",
  ],
  [
    'undici in another transport',
    'proxy-router/planted-too.ts',
    'undici-in-its-place',
    "export { Client } from 'undici';",
  ],
  [
    'what is there for development alone',
    'core/planted-dev.ts',
    'installed-with-us',
    "export { default } from 'supertest';",
  ],
  [
    'zod outside options.ts',
    'rate-limit/planted-too.ts',
    'zod-in-its-place',
    "import { z } from 'zod'; export const planted = z.string();",
  ],
];

describe('the import rules', () => {
  let before: string;
  let after: string;

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'gatewright-imports-'));
    await cp('src', join(copy, 'src'), { recursive: true });
    for (const file of ['.dependency-cruiser.cjs', 'package.json']) await cp(file, join(copy, file));
    await symlink(resolve('node_modules'), join(copy, 'node_modules'));
    before = await report();
    for (const [, file, , code] of planted) await writeFile(join(copy, 'src', file), code);
    after = await report();
  });

  afterAll(() => rm(copy, { recursive: true }));

  test('find nothing in src/', () => {
    expect(before).toBe('');
  });

  test.each(planted)('find an import of %s', (_what, file, rule) => {
    expect(after).toContain(`error ${rule}: src/${file}`);
  });
});
