import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { running } from './node-versions.js';
import { packedPackage } from './packed.js';
import { installedFolder, npmInstall } from './registry.js';

const run = promisify(execFile);

/** Dependencies that declare Node 22, though they work on Node 20. */
const newer = ['cockatiel', 'http-proxy-middleware'];

/** Whether a package manager has something to say: on Node 22 there is nothing. */
const complains = running < 22;

const folders: string[] = [];
let tarball: string;

async function emptyProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-engines-'));
  folders.push(folder);
  await writeFile(join(folder, 'package.json'), '{"name":"project","version":"1.0.0","private":true}');
  return folder;
}

beforeAll(async () => {
  tarball = (await packedPackage()).tarball;
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('installing the packed package', () => {
  test('npm warns of dependencies that declare a newer Node, of no others, and installs', async () => {
    const { stderr } = await npmInstall(await emptyProject(), tarball);
    const warned = [...stderr.matchAll(/package: '([^']+)@[^'@]+'/g)].map(([, name]) => name);
    expect(warned.sort()).toEqual(complains ? newer : []);
    expect(stderr).not.toContain('deprecated');
  }, 240_000);
});

/** How another package manager ends, and what it says. */
async function outcomeOf(program: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const managers = await installedFolder('package-managers', {
    dependencies: { yarn: '^1.22.0', pnpm10: 'npm:pnpm@^10.0.0', '@yarnpkg/cli-dist': '^4.0.0' },
  });
  const cwd = await emptyProject();
  // Yarn 4 takes a folder with a lockfile for a project of its own.
  if (program.startsWith('@yarnpkg')) await writeFile(join(cwd, 'yarn.lock'), '');
  const env = { ...process.env, YARN_ENABLE_TELEMETRY: '0', YARN_NODE_LINKER: 'node-modules', CI: '' };
  return run(process.execPath, [join(managers, 'node_modules', program), ...args], {
    cwd,
    env,
    timeout: 120_000,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error) => ({ code: error.code, output: error.stdout + error.stderr }),
  );
}

/** Of those that not everybody has. */
const others: [what: string, ...command: string[]][] = [
  ['Yarn 1 refuses', 'yarn/bin/yarn.js', 'add', '--non-interactive'],
  [
    'Yarn 1 installs with --ignore-engines',
    'yarn/bin/yarn.js',
    'add',
    '--non-interactive',
    '--ignore-engines',
  ],
  ['Yarn 4 installs', '@yarnpkg/cli-dist/bin/yarn.js', 'add'],
  ['pnpm 10 installs', 'pnpm10/bin/pnpm.cjs', 'add'],
  ['pnpm 10 refuses with --engine-strict', 'pnpm10/bin/pnpm.cjs', 'add', '--engine-strict'],
];

// They take their time to install.
if (process.env['SOAK']) {
  test('npm refuses them where engines are strict', async () => {
    const outcome = npmInstall(await emptyProject(), '--engine-strict', tarball);
    if (complains) await expect(outcome).rejects.toThrow(/EBADENGINE[\s\S]*cockatiel@4/);
    else await outcome;
  }, 240_000);

  test.each(others)(
    '%s',
    async (what, program = '', ...command) => {
      const { code, output } = await outcomeOf(program, ...command, `gatewright@file:${tarball}`);
      const refuses = complains && what.includes('refuses');
      expect([output, code]).toEqual([expect.any(String), refuses ? 1 : 0]);
      if (refuses) expect(output).toContain('cockatiel@4');
    },
    240_000,
  );
}
