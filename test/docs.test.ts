import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('\n');

const all = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, found]) => found as string))].sort();

describe('docs/errors.md', () => {
  test('has a heading for each error code, and none for others', () => {
    const codes = all(source, /'(ERR_GATEWAY_[A-Z_]+)'/g);
    expect(codes.length).toBeGreaterThan(5);
    expect(all(readFileSync('docs/errors.md', 'utf8'), /^## `(\w+)`$/gm)).toEqual(codes);
  });
});

describe('README.md', () => {
  test('has the two commands, verbatim in fenced blocks', () => {
    const blocks = all(readFileSync('README.md', 'utf8'), /^```\w*\n([\s\S]*?)\n```$/gm);
    expect(blocks).toContain('npm install && npm start');
    expect(blocks).toContain('npm install && npm test');
  });
});
