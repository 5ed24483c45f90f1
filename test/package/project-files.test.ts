import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { supported } from './node-versions.js';

const run = promisify(execFile);
const read = (path: string) => readFile(path, 'utf8');
const { scripts, engines } = JSON.parse(await read('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      'timeout-minutes': number;
      permissions?: Record<string, string>;
      strategy?: { matrix: { node: number[] } };
      steps: { uses?: string; run?: string }[];
    }
  >;
}

/** Names of scripts in a text: `npm test` and `npm run NAME`. */
function scriptsIn(text: string): string[] {
  const named = [...text.matchAll(/npm run ([a-z][\w:-]*[\w])/gi)].map(([, name]) => name as string);
  const short = [...text.matchAll(/npm (test|start)\b/g)].map(([, name]) => name as string);
  return [...named, ...short];
}

const folder = '.github/workflows';
const names = await readdir(folder);
const workflows = new Map<string, Workflow>();
for (const name of names) workflows.set(name, parse(await read(join(folder, name)), { strict: true }));
const stepsOf = (name: string) =>
  Object.values(workflows.get(name)?.jobs ?? {}).flatMap(({ steps }) => steps);

describe('the workflows', () => {
  test.each(names)('%s has few rights, ends, and pins what it uses', (name) => {
    const workflow = workflows.get(name) as Workflow;
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    for (const { uses } of stepsOf(name).filter((step) => step.uses !== undefined))
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@(?:v\d+|[\da-f]{40})$/);
  });

  test.each(names)('%s runs scripts that there are', (name) => {
    const commands = stepsOf(name).map(({ run: command = '' }) => command);
    for (const script of scriptsIn(commands.join('\n'))) expect(scripts).toHaveProperty([script]);
    // Text from outside must not become a part of a command.
    for (const command of commands) expect(command).not.toContain('${{');
  });

  test('CI tests each line of Node that is supported, from a clean clone', () => {
    const job = workflows.get('ci.yml')?.jobs['test'];
    expect(job?.strategy?.matrix.node).toEqual([...supported]);
    expect(engines.node).toBe(`>=${supported[0]}.19`);
    expect(job?.steps.slice(-2).map(({ run: command }) => command)).toEqual(['npm install', 'npm test']);
  });

  test('a release is made by a tag, checked and tested, with provenance', () => {
    const { on, jobs } = workflows.get('release.yml') as Workflow;
    expect(on).toEqual({ push: { tags: ['v*'] } });
    expect(jobs['publish']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    const commands = stepsOf('release.yml').flatMap(({ run: command }) => command ?? []);
    expect(commands[0]).toBe('node scripts/check-release.js "$GITHUB_REF_NAME"');
    expect(commands).toContain('npm test');
    expect(commands.at(-1)).toBe('npm publish --provenance --access public');
  });
});

describe('a tag', () => {
  const { version } = { version: '1.2.3' };
  const dated = '## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n';

  test.each([
    ['that is the version, with a section of the changelog, may be released', `v${version}`, dated, ''],
    ['of another version is refused', 'v1.2.4', dated, 'The tag is "v1.2.4"'],
    ['without a section is refused', `v${version}`, '## [Unreleased]\n', 'CHANGELOG.md has no section'],
    ['whose section has no date is refused', `v${version}`, '## [1.2.3]\n', 'CHANGELOG.md has no section'],
  ])('%s', async (_what, tag, changelog, problem) => {
    const cwd = await mkdtemp(join(tmpdir(), 'gatewright-release-'));
    try {
      await cp(resolve('scripts/check-release.js'), join(cwd, 'check.js'));
      await writeFile(join(cwd, 'package.json'), JSON.stringify({ version, type: 'module' }));
      await writeFile(join(cwd, 'CHANGELOG.md'), changelog);
      const said = await run(process.execPath, ['check.js', tag], { cwd }).then(
        () => '',
        ({ stderr }) => stderr as string,
      );
      if (problem === '') expect(said).toBe('');
      else expect(said).toContain(problem);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});

describe('CONTRIBUTING.md', () => {
  test('explains every script, and none that there is not', async () => {
    const rows = (await read('CONTRIBUTING.md')).split('\n').filter((line) => line.startsWith('| `npm'));
    const explained = rows.flatMap((row) => scriptsIn(row.split('|')[1] ?? ''));
    // One row is for those of benchmarks, and a sentence for what npm runs before another script.
    const isHook = (name: string) => name.startsWith('pre') && name.slice('pre'.length) in scripts;
    const own = Object.keys(scripts).filter((name) => !name.startsWith('bench:') && !isHook(name));
    expect(explained.sort()).toEqual(own.sort());
  });

  test('names scripts that there are', async () => {
    for (const file of ['CONTRIBUTING.md', '.github/PULL_REQUEST_TEMPLATE.md'])
      for (const script of scriptsIn((await read(file)).replaceAll('bench:NAME', 'bench')))
        expect(scripts).toHaveProperty([script]);
  });
});

describe('coverage', () => {
  test('is ignored nowhere without a reason', async () => {
    const sources = (await readdir('src', { recursive: true })).filter((path) => path.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(100);
    for (const path of sources)
      for (const line of (await read(join('src', path))).split('\n'))
        if (/(?:istanbul|v8|c8) ignore/.test(line))
          expect([path, line]).toEqual([path, expect.stringMatching(/ -- \w+ \w+/)]);
  });
});
