// Runs modules made of blocks of the docs, one after the other, and says of each what went wrong:
// `node run-blocks.mjs LIST`, where LIST is a JSON file of `[{ file, tries }]`.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { listening, prepare } from './stand-ins.mjs';

/** @typedef {{ method: string, path: string, headers: Record<string, string>, status: number }} Try */

/** @type {{ file: string, problem: string }[]} */
const problems = [];
/** @type {{ file: string, tries: Try[] }} */
let current;
/** @param {unknown} error */
const note = (error) =>
  problems.push({
    file: current.file,
    problem: error instanceof Error ? String(error.stack) : String(error),
  });
process.on('unhandledRejection', note);
process.on('uncaughtException', note);
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true; // what blocks print

for (current of JSON.parse(readFileSync(String(process.argv[2]), 'utf8'))) {
  listening.length = 0;
  prepare();
  try {
    await import(pathToFileURL(current.file).href);
    await new Promise((resolve) => setImmediate(resolve));
    await tryAll(current.tries);
  } catch (error) {
    note(error);
  }
}
write(JSON.stringify(problems), () => process.exit(0));

/** @param {Try[]} tries */
async function tryAll(tries) {
  if (tries.length === 0) return;
  if (listening.length === 0) createServer(Reflect.get(globalThis, 'app')).listen();
  const server = /** @type {import('node:net').Server} */ (listening.at(-1));
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  for (const { method, path, headers, status } of tries) {
    const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, { method, headers });
    const body = await answer.text();
    if (answer.status !== status)
      throw new Error(`${method} ${path} gave ${answer.status} in place of ${status}: ${body}`);
  }
}
