import { htmlTokens } from './html-tokens.js';
import { readJson, sendJson, textField } from './json.js';
import { health, jsonService } from './json-service.js';

/** @import { CloseTag, OpenTag, Text } from './html-tokens.js' */
/** @typedef {{ text: string, level: number, href: string | undefined }} Part */

/** Elements that do not part words. */
const INLINE = new Set('a abbr b cite code em i kbd mark q s small span strong sub sup time u'.split(' '));

/** Reads HTML that it is given: title, headings, links and length of the text. It loads nothing. */
export function createWebAgent() {
  return jsonService({
    'GET /health': health,
    'POST /extract': async (req, res) => sendJson(res, 200, extract(textField(await readJson(req), 'html'))),
  });
}

/** @param {string} html */
function extract(html) {
  const page = new Page();
  for (const token of htmlTokens(html)) page.add(token);
  return {
    title: tidy(page.title[0]?.text ?? ''),
    headings: page.heading.map(({ level, text }) => ({ level, text: tidy(text) })),
    links: page.link.map(({ href, text }) => ({ href, text: tidy(text) })),
    text_length: tidy(page.text).length,
  };
}

/** What is gathered while the tokens go by. */
class Page {
  text = '';
  /** @type {Part[]} */
  title = [];
  /** @type {Part[]} */
  heading = [];
  /** @type {Part[]} */
  link = [];
  /**
   * What the text at hand belongs to. One of a kind: a link that nobody closes ends with the next one.
   * @type {Map<string, Part>}
   */
  #open = new Map();

  /** @param {Text | OpenTag | CloseTag} token */
  add(token) {
    if (token.type === 'text') this.#addText(token.text);
    else this.#addTag(token);
  }

  /** @param {string} text */
  #addText(text) {
    for (const part of this.#open.values()) part.text += text;
    if (!this.#open.has('title')) this.text += text;
  }

  /** @param {OpenTag | CloseTag} token */
  #addTag(token) {
    if (!INLINE.has(token.name)) this.#addText(' ');
    const kind = kindOf(token.name);
    if (!kind) return;
    this.#open.delete(kind);
    if (token.type === 'close') return;
    /** @type {Part} */
    const part = { text: '', level: Number(token.name[1]), href: token.attributes.get('href')?.trim() };
    if (kind === 'link' && part.href === undefined) return;
    this[kind].push(part);
    this.#open.set(kind, part);
  }
}

/** @param {string} name */
function kindOf(name) {
  if (name === 'a') return 'link';
  if (name === 'title') return 'title';
  return /^h[1-6]$/.test(name) ? 'heading' : undefined;
}

/** @param {string} text */
function tidy(text) {
  return text.replace(/\s+/g, ' ').trim();
}
