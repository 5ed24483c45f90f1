import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every page, as a path from the root of the repository. */
export const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file))
    .sort(),
];

/** Everything between a mark and its end. */
export const marked = /<!-- (options|configuration|names)(?:: (\w+))? -->\n[\s\S]*?<!-- end -->/g;

/** The anchor that a heading gets on GitHub. */
export function anchorOf(heading) {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return text
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/** Where the table of each option type is: the page, and the heading above it. */
export function tablePlaces() {
  const places = new Map();
  for (const page of pages) {
    const text = readFileSync(page, 'utf8');
    for (const { 1: kind, 2: name, index } of text.matchAll(marked)) {
      if (kind !== 'options') continue;
      const headings = [...text.slice(0, index).matchAll(/^#+ (.+)$/gm)];
      const anchor = `#${anchorOf(headings.at(-1)[1])}`;
      places.set(name, [...(places.get(name) ?? []), { page, anchor, atTop: headings.length === 1 }]);
    }
  }
  return places;
}
