import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { pages } from './blocks.js';

/** A page without its code, in which brackets are none. */
const prose = (page: string): string =>
  readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  const seen = new Map<string, number>();
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

function problemWith(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) {
    const isPlain = URL.canParse(target) && new URL(target).protocol === 'https:';
    return isPlain ? undefined : `${target} is no https: address`;
  }
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return `there is no ${file}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(file).includes(anchor) ? undefined : `${file} has no heading for #${anchor}`;
}

describe('links of the docs', () => {
  test.each(pages)('%s leads to what there is', (page) => {
    const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.map((target) => problemWith(page, target)).filter(Boolean)).toEqual([]);
  });

  test('lead to every page', () => {
    const index = prose('docs/README.md');
    const missing = pages.filter((page) => page !== 'README.md' && page !== 'docs/README.md');
    expect(missing.filter((page) => !index.includes(`](${page.replace('docs/', '')}`))).toEqual([]);
  });
});
