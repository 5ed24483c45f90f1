import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, textField } from './json.js';
import { health, jsonService } from './json-service.js';

/** The first characters of a message are quoted back, so that no message makes for an endless answer. */
const MAX_QUOTE_LENGTH = 200;

/**
 * A chat that streams its answer as server-sent events, one word at a time, as language models do.
 * @param {{ wordDelayMs?: number }} [options] `wordDelayMs`: pause before each word. Default 40.
 */
export function createAlita({ wordDelayMs = 40 } = {}) {
  return jsonService({
    'GET /health': health,
    async 'POST /chat'(req, res) {
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      const words = answer(textField(await readJson(req), 'message')).match(/\S+\s*/g) ?? [];
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
      for (const content of words) {
        await sleep(wordDelayMs, undefined, { signal: gone.signal });
        res.write(event(JSON.stringify({ choices: [{ delta: { content } }] })));
      }
      res.end(event('[DONE]'));
    },
  });
}

/** @param {string} message */
function answer(message) {
  const characters = [...message];
  const words = message.match(/\S+/g)?.length ?? 0;
  const quote = characters.slice(0, MAX_QUOTE_LENGTH).join('');
  const cut = characters.length > MAX_QUOTE_LENGTH ? '...' : '';
  return `You said: "${quote}${cut}" That is ${count(words, 'word')} and ${count(characters.length, 'character')}.`;
}

/**
 * @param {number} amount
 * @param {string} noun
 */
function count(amount, noun) {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** @param {string} data */
function event(data) {
  return `data: ${data}\n\n`;
}
