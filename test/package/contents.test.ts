import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { packedPackage } from './packed.js';

const run = promisify(execFile);

/** What a command says, and how it ends. */
function said(command: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const program = resolve('node_modules/.bin', command);
  return run(process.execPath, [program, ...args], { maxBuffer: 16_000_000 }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

describe('the tarball', () => {
  test('has what is built, and the pages that every package has', async () => {
    const { files } = await packedPackage();
    const others = files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  });

  test('has nothing of an earlier build', async () => {
    const { files } = await packedPackage();
    const built = files.map(({ path }) => path).filter((path) => path.startsWith('dist/'));
    const sourceOf = (path: string) => path.replace(/^dist/, 'src').replace(/(?:\.d\.ts|\.js)$/, '.ts');
    // What is left over goes with `npm run clean`.
    expect(built.filter((path) => !existsSync(sourceOf(path)))).toEqual([]);
  });

  test('has what package.json names', async () => {
    const { files } = await packedPackage();
    const { main, types, bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
    const named = JSON.stringify([main, types, bin, exports]).match(/\.\/[^"]+\.\w+/g) ?? [];
    const paths = new Set(files.map(({ path }) => `./${path}`));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => path.startsWith('./dist/') && !paths.has(path))).toEqual([]);
  });

  test('is small', async () => {
    const { size, unpackedSize } = await packedPackage();
    expect(size).toBeLessThan(550_000);
    expect(unpackedSize).toBeLessThan(2_000_000);
  });

  test('has a command that names its interpreter', () => {
    expect(readFileSync('dist/cli/main.js', 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('pleases publint', async () => {
    const { tarball } = await packedPackage();
    const { code, output } = await said('publint', 'run', tarball, '--strict', '--level', 'suggestion');
    expect([code, output]).toEqual([0, expect.stringContaining('All good!')]);
  });

  test('pleases arethetypeswrong', async () => {
    const { tarball } = await packedPackage();
    const { code, output } = await said(
      'attw',
      tarball,
      '--profile',
      'esm-only',
      '--format',
      'ascii',
      '--no-color',
    );
    // It tells of CommonJS without require(esm), too, which the profile ignores.
    expect([code, output]).toEqual([0, expect.stringContaining('gatewright')]);
  });
});
