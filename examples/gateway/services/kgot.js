import { RequestError, readJson, sendJson, textField } from './json.js';
import { health, jsonService } from './json-service.js';
import { KNOWN_FACTS } from './kgot-facts.js';

/** @import { ServerResponse } from 'node:http' */
/** @typedef {{ subject: string, predicate: string, object: string }} Fact */
/** @typedef {{ fact: Fact, words: Set<string> }} Entry */

const MAX_QUERY_LENGTH = 1000;
const MAX_TERM_LENGTH = 100;
const MAX_ADDED_FACTS = 500;
const MAX_ANSWER_FACTS = 5;

const STOP_WORDS = new Set(
  'a an and are at by do does for from how in is it of on or the to what when where which who'.split(' '),
);

/** A knowledge graph of thoughts: triples in memory, found by the words that they share with a query. */
export function createKgot() {
  const known = KNOWN_FACTS.map(([subject, predicate, object]) => entry({ subject, predicate, object }));
  /** @type {Entry[]} */
  const added = [];

  /**
   * @param {ServerResponse} res
   * @param {string} query
   */
  function sendAnswer(res, query) {
    const facts = findFacts([...known, ...added], wordsOf(query));
    sendJson(res, 200, {
      query,
      answer: facts.map(sentence).join(' ') || 'I know nothing about that.',
      facts,
    });
  }

  return jsonService({
    'GET /health': health,
    'GET /query': (_req, res, query) =>
      sendAnswer(res, textField({ q: query.get('q') }, 'q', MAX_QUERY_LENGTH)),
    'POST /query': async (req, res) =>
      sendAnswer(res, textField(await readJson(req), 'query', MAX_QUERY_LENGTH)),
    async 'POST /facts'(req, res) {
      const body = await readJson(req);
      const fact = {
        subject: textField(body, 'subject', MAX_TERM_LENGTH),
        predicate: textField(body, 'predicate', MAX_TERM_LENGTH),
        object: textField(body, 'object', MAX_TERM_LENGTH),
      };
      if (added.length === MAX_ADDED_FACTS) throw new RequestError(409, 'The store of facts is full');
      added.push(entry(fact));
      sendJson(res, 201, { fact, total: known.length + added.length });
    },
  });
}

/**
 * The facts that share the most telling words with a query, best first. A word tells the more, the fewer facts
 * have it.
 * @param {readonly Entry[]} entries
 * @param {Set<string>} asked
 */
function findFacts(entries, asked) {
  /** @type {Map<string, number>} */
  const uses = new Map();
  for (const { words } of entries) for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
  const scored = entries.map(({ fact, words }) => {
    const shared = [...words].filter((word) => asked.has(word));
    return { fact, score: shared.reduce((sum, word) => sum + 1 / (uses.get(word) ?? 1), 0) };
  });
  const best = Math.max(...scored.map(({ score }) => score));
  return scored
    .filter(({ score }) => score > 0 && score >= best / 2)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_ANSWER_FACTS)
    .map(({ fact }) => fact);
}

/** @param {Fact} fact */
function entry(fact) {
  return { fact, words: wordsOf(sentence(fact)) };
}

/** @param {Fact} fact */
function sentence({ subject, predicate, object }) {
  return `${subject} ${predicate} ${object}.`;
}

/**
 * Plurals and third persons are cut to their stem, so that "tools" and "uses" find "tool" and "use".
 * @param {string} text
 */
function wordsOf(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words.filter((word) => !STOP_WORDS.has(word)).map((word) => word.replace(/(?<=..[^s])s$/, '')),
  );
}
