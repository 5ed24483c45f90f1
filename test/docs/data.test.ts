import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run } from 'gatewright/cli';
import { parse } from 'yaml';
import { type Block, blocksOf, pages } from './blocks.js';
import { Workshop } from './workshop.js';

const blocks = pages.flatMap(blocksOf);
const inLanguage = (language: string) =>
  blocks.filter((block) => block.language === language).map((block) => [block.place, block] as const);

/** What the command line writes. */
async function written(...args: string[]): Promise<string> {
  let text = '';
  const output = { write: (part: string) => (text += part) };
  const env = { JWT_SECRET: 'a secret of the tests, long enough' };
  await run(args, { stdout: output, stderr: output, env, cwd: workshop.folder });
  return text;
}

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop();
});
afterAll(() => workshop.close());

/** A configuration file, or a part of one. */
function configurationOf({ text }: Block): string {
  const parts = parse(text) ?? {};
  return 'services' in parts ? text : `${text}\nservices: { /api/kgot: "http://localhost:16000" }\n`;
}

describe('blocks of JSON in the docs', () => {
  test.each(inLanguage('json'))('%s can be read', (_, { text }) => {
    const values = text.startsWith('{"') ? text.split('\n') : [text];
    for (const value of values) expect(() => JSON.parse(value)).not.toThrow();
  });
});

describe('blocks of YAML in the docs', () => {
  test.each(inLanguage('yaml'))('%s is a right configuration', async (place, block) => {
    const file = workshop.write(`${place.replace(/\W+/g, '-')}.yaml`, configurationOf(block));
    const secret = workshop.write('admin-key', 'an administrator of the tests, long enough');
    const content = readFileSync(file, 'utf8').replaceAll('/run/secrets/admin-key', secret);
    workshop.write(`${place.replace(/\W+/g, '-')}.yaml`, content);
    expect(await written('check', file)).toContain(' is right');
  });
});

describe('commands in the docs', () => {
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => /^(?:npx )?gatewright\b/.test(line));

  test('have the flags that there are', async () => {
    for (const line of lines) {
      const words = line.replace(/^npx /, '').split(/\s+/).slice(1);
      const command = words.slice(0, words[0] === 'keys' ? 2 : 1).filter((word) => /^[a-z]+$/.test(word));
      const text = await written(...(command.length > 0 ? command : ['start']), '--help');
      for (const flag of line.match(/--[a-z-]+/g) ?? []) expect(text).toContain(flag);
    }
    expect(lines.length).toBeGreaterThan(5);
  });

  test('are scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const named = pages.flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/npm run ([\w:-]+)/g)]);
    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });
});
