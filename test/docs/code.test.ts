import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as gatewright from 'gatewright';
import { RedisServer } from '../redis-server.js';
import { type Block, blocksOf, moduleOf, pages } from './blocks.js';
import { Workshop } from './workshop.js';

const run = promisify(execFile);
/** Pages that are followed word for word by a test of their own. */
const followed = ['docs/getting-started.md'];
const blocks = pages.filter((page) => !followed.includes(page)).flatMap(blocksOf);
const code = blocks.filter(({ language }) => language === 'js' || language === 'ts');
const nameOf = ({ place, language }: Block): string => `${place.replace(/\W+/g, '-')}.${language}`;

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop();
  for (const block of code) workshop.write(nameOf(block), moduleOf(block, Object.keys(gatewright)));
});
afterAll(() => workshop.close());

describe('blocks of code in the docs', () => {
  test('are right by the types of the package', async () => {
    workshop.write('stand-ins.d.ts', readFileSync('test/docs/stand-ins.types', 'utf8'));
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023'],
      module: 'nodenext',
      types: ['node'],
      allowJs: true,
      checkJs: true,
      noEmit: true,
      strict: true,
      noImplicitAny: false,
      strictNullChecks: false,
      skipLibCheck: true,
    };
    workshop.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*'] }));
    const tsc = resolve('node_modules/.bin/tsc');
    const problems = await run(process.execPath, [tsc, '-p', workshop.folder], { cwd: workshop.folder }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(problems).toBe('');
  });

  test('run, and answer as the page says', async () => {
    const redis = await RedisServer.start();
    try {
      const runnable = code.filter(({ notRun, language }) => notRun === undefined && language === 'js');
      const list = runnable.map((block) => ({
        file: resolve(workshop.folder, nameOf(block)),
        tries: block.tries,
      }));
      for (const file of ['stand-ins.mjs', 'run-blocks.mjs'])
        workshop.write(file, readFileSync(`test/docs/${file}`, 'utf8'));
      const { stdout } = await run(
        process.execPath,
        [resolve(workshop.folder, 'run-blocks.mjs'), workshop.write('list.json', JSON.stringify(list))],
        { cwd: workshop.folder, timeout: 60_000, env: { ...process.env, REDIS_PORT: String(redis.port) } },
      );
      expect(JSON.parse(stdout)).toEqual([]);
    } finally {
      await redis.stop();
    }
  }, 90_000);

  test('are run, or the page says why not', () => {
    const reasons = code.flatMap(({ notRun }) => notRun ?? []);
    expect(reasons.filter((reason) => reason.length < 15)).toEqual([]);
    expect(reasons.length).toBeLessThan(code.length / 10);
  });
});
