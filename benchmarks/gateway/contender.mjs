import { fileURLToPath } from 'node:url';
import { OWN_CORE, startScript } from '../processes.mjs';
import { startNginxProxy } from './nginx.mjs';
import { PREFIX } from './shapes.mjs';

/** @typedef {import('./contenders.mjs').Entry} Entry */
/** @typedef {import('./shapes.mjs').Shape} Shape */
/** @typedef {{ label: string, path: string }} NodeProgram */

/**
 * A contender that listens. `refused` are the header fields of a client that is over its limit.
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {Entry['answers']} answers
 * @property {import('node:child_process').ChildProcess} child
 * @property {number} pid
 * @property {number} port
 * @property {Record<string, string>} headers
 * @property {Record<string, string>} refused
 */

const script = fileURLToPath(new URL('../peers/contenders.mjs', import.meta.url));

/**
 * @param {Entry} entry
 * @param {string} name
 * @param {string} node
 * @param {readonly string[]} upstreams
 * @param {string | undefined} redis
 * @returns {Promise<Contender>}
 */
export async function startContender(entry, name, node, upstreams, redis) {
  const { answers, as, program } = entry;
  if (program === 'nginx') {
    const { child, port } = await startNginxProxy(OWN_CORE, upstreams);
    return { name, answers, child, pid: Number(child.pid), port, headers: {}, refused: {} };
  }
  const given = { name: as, upstreams, ...(entry.redis && { redis }) };
  const { child, pid, ready } = await startScript(OWN_CORE, node, [script, JSON.stringify(given)]);
  return { name, answers, child, pid, headers: {}, refused: {}, ...ready };
}

/**
 * Sees that a contender does what is measured: that answers are whole, and bodies arrive.
 *
 * @param {Contender} contender
 * @param {Shape} shape
 */
export async function verify({ name, answers, port, headers, refused }, shape) {
  if (answers !== 'service' || shape.load !== 'wrk') return;
  const { path, bytes } = shape;
  const url = `http://127.0.0.1:${port}`;
  const got = await fetch(url + path, { method: shape.method, headers, ...bodyOf(shape) });
  const size = (await got.arrayBuffer()).byteLength;
  if (got.status !== 200 || size !== bytes)
    throw new Error(`${name} answered ${path} with ${got.status} and ${size} bytes, not with ${bytes}`);
  if (shape.method === 'POST') {
    const echoed = await fetch(`${url}${PREFIX}/echo`, { method: 'POST', headers, ...bodyOf(shape) });
    if ((await echoed.text()) !== bodyOf(shape).body) throw new Error(`${name} does not forward bodies`);
  }
  // What is let through before the limit is used up.
  if (shape.refused > 0) await (await fetch(url + path, { headers: refused })).arrayBuffer();
}

/** @param {Shape} shape @returns {{ body?: string }} */
function bodyOf({ method }) {
  return method === 'POST' ? { body: 'x'.repeat(1024) } : {};
}
