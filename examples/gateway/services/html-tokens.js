import { decodeEntities } from './html-entities.js';

/** @typedef {{ type: 'open', name: string, attributes: ReadonlyMap<string, string> }} OpenTag */
/** @typedef {{ type: 'close', name: string }} CloseTag */
/** @typedef {{ type: 'text', text: string }} Text */

/** Elements whose content is not markup: whether it is text to be seen. */
const RAW_TEXT = new Map([
  ['script', false],
  ['style', false],
  ['textarea', true],
  ['title', true],
]);

/**
 * Cuts HTML into text and tags, in one pass forward and so in linear time. It takes whatever it is given: a
 * comment or tag that does not end is dropped with the rest, a `<` that begins no tag is text.
 * @param {string} html
 * @returns {Generator<Text | OpenTag | CloseTag, void>}
 */
export function* htmlTokens(html) {
  const tagStart = /<(?:!|\?|\/?[a-z])/gi;
  let at = 0;
  while (at < html.length) {
    tagStart.lastIndex = at;
    const start = tagStart.exec(html)?.index ?? html.length;
    if (start > at) yield textToken(html.slice(at, start));
    const end = tagEnd(html, start);
    const token = tagToken(html.slice(start + 1, end));
    at = end + 1;
    if (!token) continue;
    yield token;
    if (token.type === 'close' || !RAW_TEXT.has(token.name)) continue;
    const rawEnd = rawTextEnd(html, at, token.name);
    if (RAW_TEXT.get(token.name)) yield textToken(html.slice(at, rawEnd));
    at = rawEnd;
  }
}

/**
 * Where the tag or comment that starts at `start` has its `>`.
 * @param {string} html
 * @param {number} start
 */
function tagEnd(html, start) {
  if (html.startsWith('<!--', start)) {
    const end = html.indexOf('-->', start + 4);
    return end < 0 ? html.length : end + 2;
  }
  const special = /[>"']/g;
  special.lastIndex = start;
  for (let found = special.exec(html); found; found = special.exec(html)) {
    if (found[0] === '>') return found.index;
    const quoteEnd = html.indexOf(found[0], special.lastIndex);
    if (quoteEnd < 0) break;
    special.lastIndex = quoteEnd + 1;
  }
  return html.length;
}

/**
 * @param {string} source What is between `<` and `>`
 * @returns {OpenTag | CloseTag | undefined} nothing for a comment or declaration
 */
function tagToken(source) {
  const [, slash, name = ''] = /^(\/?)([a-z][a-z0-9:-]*)/i.exec(source) ?? [];
  if (!name) return undefined;
  if (slash) return { type: 'close', name: name.toLowerCase() };
  return { type: 'open', name: name.toLowerCase(), attributes: attributesOf(source.slice(name.length)) };
}

/** @param {string} source */
function attributesOf(source) {
  /** @type {Map<string, string>} */
  const attributes = new Map();
  // All after the name may be missing, so a match never fails once begun and has nothing to backtrack into.
  const matches = source.matchAll(/([^\s"'/=]+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g);
  for (const [, name = '', double, single, bare] of matches) {
    const key = name.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, decodeEntities(double ?? single ?? bare ?? ''));
  }
  return attributes;
}

/**
 * @param {string} html
 * @param {number} start
 * @param {string} name
 */
function rawTextEnd(html, start, name) {
  const endTag = new RegExp(`</${name}[\\s/>]`, 'gi');
  endTag.lastIndex = start;
  return endTag.exec(html)?.index ?? html.length;
}

/**
 * @param {string} text
 * @returns {Text}
 */
function textToken(text) {
  return { type: 'text', text: decodeEntities(text) };
}
