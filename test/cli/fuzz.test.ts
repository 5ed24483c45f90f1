// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configuration files look like that

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { command, folder } from './support.js';

const numRuns = process.env['SOAK'] ? 10_000 : 100;

/** Names that options have, so that what is behind them is reached. */
const names = [
  'services',
  '/api/a',
  'targets',
  'url',
  'authenticate',
  'apiKeys',
  'keys',
  'jwt',
  'hmac',
  'secret',
  'adminKey',
];
const more = [
  'rateLimit',
  'tiers',
  'free',
  'server',
  'tls',
  'cert',
  'key',
  'logging',
  'redis',
  'cors',
  'origins',
  'analytics',
];
const others = [
  'sinks',
  'webhook',
  'file',
  'circuitBreaker',
  'bulkhead',
  'endpoints',
  'trustProxy',
  'cost',
  'workers',
];

const word = fc.constantFrom(...names, ...more, ...others);
const leaf = fc.oneof(
  fc.constantFrom('${NO}', '${YES}', '${file:/nowhere}', '$${', '${', 'http://localhost:1', '1', 'true', '*'),
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
  ),
}));

/** Ends with 0 or 2, whatever a file says: never by an error of its own. */
async function checked(cwd: string, yaml: string): Promise<void> {
  writeFileSync(join(cwd, 'gateway-config.yaml'), yaml);
  const { code, stderr } = await command(['check'], { cwd, env: { YES: 'http://localhost:2' } });
  expect([0, 2]).toContain(code);
  if (code === 2) expect(stderr).toMatch(/gatewright: The configuration /);
}

test('a configuration of any shape is right, or told why not', async () => {
  const cwd = folder();
  const shape = fc.dictionary(word, tree, { maxKeys: 6 });
  await fc.assert(
    fc.asyncProperty(shape, (value) =>
      checked(cwd, stringify({ services: { '/a': 'http://localhost:1' }, ...value })),
    ),
    { numRuns },
  );
}, 600_000);

test('a file of any text is right, or told why not', async () => {
  const cwd = folder();
  const token = fc.oneof(
    word,
    fc.string(),
    fc.constantFrom(
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '"',
      '|',
      '>',
      '#',
      '!!',
      '---\n',
      '?',
      '\t',
      '<<',
    ),
  );
  const text = fc.array(token, { maxLength: 60 }).map((tokens) => tokens.join(''));
  await fc.assert(
    fc.asyncProperty(text, (yaml) => checked(cwd, yaml)),
    { numRuns },
  );
}, 600_000);
