import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const run = promisify(execFile);

describe('the generated parts of the docs', () => {
  // Every option has a doc comment, a default that is the schema's, and a row in one table; every public name has a doc
  // comment and a row in docs/api.md; no table has anything else.
  test('are what the option types, their schemas and the doc comments say', async () => {
    const said = await run(process.execPath, ['scripts/docs/main.mjs', '--check']).then(
      () => '',
      ({ stderr }: { stderr: string }) => stderr,
    );
    expect(said).toBe('');
  });
});

describe('docs/dependencies.md', () => {
  test('has every dependency and peer, and no other', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    const page = readFileSync('docs/dependencies.md', 'utf8');
    const listed = [...page.matchAll(/^\| \[([^\]]+)\]\(https:\/\/www\.npmjs\.com\/package\/([^)]+)\) \|/gm)];
    expect(listed.filter(([, name, address]) => name !== address)).toEqual([]);
    expect(listed.map(([, name]) => name).sort()).toEqual(
      [...Object.keys(dependencies), ...Object.keys(peerDependencies)].sort(),
    );
  });
});
