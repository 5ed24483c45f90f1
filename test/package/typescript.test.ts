import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { consumerFolder, project } from './consumer-folder.js';

const run = promisify(execFile);
const answer = /"refused":401,"served":\{"status":200,"body":"upstream got \/x\?y=1".*"app":"the app"/;

/** Strict, and nothing of what the package declares is left unread. */
const strict = {
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  outDir: 'out',
};

const modules = { type: 'module' };
const commonjs = { type: 'commonjs' };
const nest = { experimentalDecorators: true, emitDecoratorMetadata: true };

const kinds: readonly (readonly [name: string, file: string, manifest: object, options: object])[] = [
  ['modules with nodenext', 'app.ts', modules, { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['modules with node16', 'app.ts', modules, { module: 'node16', moduleResolution: 'node16' }],
  ['modules with bundler', 'app.ts', modules, { module: 'esnext', moduleResolution: 'bundler' }],
  [
    'CommonJS with nodenext',
    'app.ts',
    commonjs,
    { module: 'nodenext', moduleResolution: 'nodenext', esModuleInterop: true },
  ],
  ['NestJS, modules with nodenext', 'nest.ts', modules, { ...nest, module: 'nodenext' }],
  [
    'NestJS, CommonJS with nodenext',
    'nest.ts',
    commonjs,
    { ...nest, module: 'nodenext', esModuleInterop: true },
  ],
];

/** The compiler that this package is built with. */
const ours = resolve('node_modules/.bin/tsc');

/** TypeScript as most projects have it. It takes its time: without more of it, one project must do. */
async function others(name: string): Promise<string[]> {
  if (!process.env['SOAK'] && name !== 'CommonJS with nodenext') return [];
  return [join(await consumerFolder(), 'node_modules/.bin/tsc')];
}

/** What a compiler says against a project. */
function problemsIn(folder: string, compiler: string): Promise<string> {
  return run(process.execPath, [compiler, '-p', folder], { cwd: folder }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe('in TypeScript, the packed package', () => {
  test.each(kinds.filter(([name]) => process.env['SOAK'] || name !== 'NestJS, modules with nodenext'))(
    'compiles and serves: %s',
    async (name, file, manifest, compilerOptions) => {
      const folder = await project(
        name.replaceAll(/\W+/g, '-').toLowerCase(),
        {
          'package.json': manifest,
          'tsconfig.json': { compilerOptions: { ...strict, ...compilerOptions }, files: [file] },
        },
        [file, 'scenario.cjs', 'scenario.d.cts'],
      );
      for (const compiler of [...(await others(name)), ours])
        expect(await problemsIn(folder, compiler)).toBe('');
      const out = join(folder, 'out');
      await run('cp', [join(folder, 'scenario.cjs'), join(folder, 'package.json'), out]);
      const { stdout } = await run(process.execPath, [join(out, file.replace('.ts', '.js'))], {
        timeout: 30_000,
      });
      expect(stdout).toMatch(answer);
    },
    240_000,
  );
});
