import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { exitCode } from '../../src/cli/index.js';
import { loggingSchema } from '../../src/cli/logging-options.js';
import { command, folder, mistakes } from './support.js';

const page = (name: string) => readFileSync(`docs/${name}.md`, 'utf8');

test('docs/configuration.md has an example that is right', async () => {
  const [, yaml = ''] = /```yaml\n(host:[\s\S]*?)```/.exec(page('configuration')) ?? [];
  const file = join(folder({ key: 'k'.repeat(32) }), 'key');
  const env = { JWT_SECRET: 's'.repeat(32) };
  expect(await mistakes(yaml.replace('/run/secrets/admin-key', file), env)).toEqual([]);
});

test('docs/cli.md has every exit code, every command and every flag of start', async () => {
  const text = page('cli');
  for (const code of Object.values(exitCode)) expect(text).toContain(`\n| ${code} | `);
  const { stdout } = await command(['--help']);
  for (const [, name] of stdout.matchAll(/^ {2}(start|check|keys|schema|completion)\b/gm))
    expect(text).toContain(`## ${name}`);
  const flags = (await command(['start', '--help'])).stdout.matchAll(/ (--[a-z-]+) </g);
  for (const [, flag] of flags) expect(text).toContain(`| \`${flag}\` |`);
});

test('docs/logging.md has every option of `logging`', () => {
  for (const name of Object.keys(loggingSchema.shape)) expect(page('logging')).toContain(`| \`${name}\` |`);
});
