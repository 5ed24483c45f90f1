// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configuration files look like that
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { command, folder, mistakes } from './support.js';

const services = 'services: { /api/kgot: "http://localhost:16000" }\n';

test.each<[string, string, Record<string, string>]>([
  ['a variable', 'host: "${WHERE}"', { WHERE: 'localhost' }],
  ['a default', 'host: "${WHERE:-localhost}"', {}],
  ['a default for an empty variable', 'host: "${WHERE:-localhost}"', { WHERE: '' }],
  ['a number', 'port: "${WHERE}"', { WHERE: '8081' }],
  ['a boolean', 'endpoints: ${ON}', { ON: 'true' }],
  [
    'a number within a section',
    'rateLimit: { tiers: { free: { costLimitPerHour: "${COST}" } } }',
    { COST: '0.5' },
  ],
  ['a text that looks like a number, where text is wanted', 'host: "${WHERE}"', { WHERE: '127' }],
  ['a part of a text', 'redis: "redis://${WHERE}:6379"', { WHERE: 'localhost' }],
  ['what is escaped', 'host: "$${WHERE}"', {}],
])('resolves %s', async (_what, line, env) => {
  expect(await mistakes(`${services}${line}\n`, env)).toEqual([]);
});

test('reads files, relative to the configuration, without the line end of the last line', async () => {
  const cwd = folder();
  mkdirSync(join(cwd, 'secrets'));
  mkdirSync(join(cwd, 'conf'));
  writeFileSync(join(cwd, 'secrets/key'), `${'k'.repeat(32)}\n`);
  writeFileSync(
    join(cwd, 'conf/a.yaml'),
    `${services}authenticate: { adminKey: "\${file:../secrets/key}" }\n`,
  );
  expect((await command(['check', 'conf/a.yaml'], { cwd })).code).toBe(0);
});

describe('what cannot be resolved is a mistake where it stands', () => {
  test.each<[string, string, Record<string, string>, string]>([
    [
      'a variable that is not set',
      '${NO}',
      {},
      'refers to the variable NO, which is not set: set it, or give a default by `${NO:-default}`.',
    ],
    ['an empty one', '${NO}', { NO: '' }, 'refers to the variable NO, which is empty: set it'],
    ['a file that is not there', '${file:/nowhere/x}', {}, 'refers to /nowhere/x, which is not there.'],
    ['a folder', '${file:/}', {}, 'refers to /, which is no file.'],
    ['a device without an end', '${file:/dev/zero}', {}, 'refers to /dev/zero, which is no file.'],
    ['no end', '${NO', {}, 'has a reference without an end'],
    ['no name', '${a b}', {}, 'has a reference that is none'],
  ])('%s', async (_what, text, env, message) => {
    const lines = await mistakes(`${services}authenticate:\n  adminKey: '${text}'\n`, env);
    expect(lines[0]).toContain(`gateway-config.yaml:3:13: \`authenticate.adminKey\` ${message}`);
    expect(lines).toHaveLength(2);
  });
});

test('tells other mistakes in the same breath', async () => {
  const lines = await mistakes(`${services}host: "\${NO}"\nport: -1\n`);
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'gateway-config.yaml:2:7:',
    'gateway-config.yaml:3:7:',
    'gatewright:',
  ]);
});

test('shows references in place of what they give', async () => {
  const cwd = folder({ secret: 'hidden-in-a-file' });
  const yaml = `services:
  /api/a: "\${TARGET}"
  /api/b: { targets: ["x\${TARGET}", "\${file:secret}"] }
redis: "\${TARGET:-hidden-default}"
authenticate: { adminKey: "\${ADMIN}", hmac: { keys: { a: "\${ADMIN}" } } }
trustProxy: "\${TARGET}"
`;
  writeFileSync(join(cwd, 'gateway-config.yaml'), yaml);
  const env = { TARGET: 'hidden-in-a-variable', ADMIN: 'hidden' };
  const { code, stderr } = await command(['check'], { cwd, env });
  expect(code).toBe(2);
  expect(stderr).not.toContain('hidden');
  expect(stderr).toContain(
    '`services["/api/a"]` must be a URL such as "http://localhost:16000", got ${TARGET}.',
  );
  expect(stderr).toContain('got a string with ${TARGET}.');
  expect(stderr).toContain('got ${file:secret}.');
});

test('hints at quotes where braces need them', async () => {
  const [first] = await mistakes('services: { /a: ${TARGET} }\n');
  expect(first).toMatch(/The file is no YAML.*Put what has a reference between quotes\./);
});
