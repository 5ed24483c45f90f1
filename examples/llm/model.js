import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** Dollars for a token, which is a word here. */
const PRICE = 0.001;

/**
 * Stands for a language model with an API of OpenAI's form. It says what a request has cost in `X-Request-Cost`:
 * among the trailers where it streams, as it knows that at the end.
 *
 * @param {string} providerKey the key that it asks for
 */
export function createModel(providerKey) {
  return createServer(async (req, res) => {
    if (req.headers.authorization !== `Bearer ${providerKey}`) return fail(res, 401, 'Wrong key');
    if (req.url !== '/v1/chat/completions') return fail(res, 404, `Nothing at ${req.url}`);
    const question = /** @type {any} */ (await json(req).catch(() => undefined));
    const said = question?.messages?.at(-1)?.content;
    if (typeof said !== 'string') return fail(res, 400, 'A message is lacking');
    const words = `You said: ${said}`.match(/\S+\s*/g) ?? [];
    const tokens = words.length + said.split(/\s+/).length;
    const cost = (tokens * PRICE).toFixed(6);
    if (question.stream) await stream(res, words, cost);
    else {
      const message = { role: 'assistant', content: words.join('') };
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      res.writeHead(200, { 'Content-Type': 'application/json', 'X-Request-Cost': cost });
      res.end(JSON.stringify({ ...base('chat.completion'), choices, usage: { total_tokens: tokens } }));
    }
  });
}

/**
 * @param {import('node:http').ServerResponse} res
 * @param {string[]} words
 * @param {string} cost
 */
async function stream(res, words, cost) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', Trailer: 'X-Request-Cost' });
  for (const content of words) {
    const choices = [{ index: 0, delta: { content }, finish_reason: null }];
    res.write(`data: ${JSON.stringify({ ...base('chat.completion.chunk'), choices })}\n\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  res.addTrailers({ 'X-Request-Cost': cost });
  res.end('data: [DONE]\n\n');
}

/** @param {string} object */
function base(object) {
  return { id: 'chat-1', object, created: Math.floor(Date.now() / 1000), model: 'parrot' };
}

/**
 * @param {import('node:http').ServerResponse} res
 * @param {number} status
 * @param {string} message
 */
function fail(res, status, message) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ error: { message } }));
}
