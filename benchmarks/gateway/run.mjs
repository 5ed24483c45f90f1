import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../measure.mjs';
import { startContender, verify } from './contender.mjs';
import { entriesFor } from './contenders.mjs';
import { measure } from './load.mjs';
import { installPeers } from './peers.mjs';
import { startConnections, startRedis, startUpstreams } from './services.mjs';

/** How long the first round is, which is not counted: V8 has most of the code optimised by then. */
const WARM_UP_SECONDS = 3;

/** @typedef {import('./load.mjs').Sample} Sample */
/** @typedef {import('./shapes.mjs').Shape} Shape */
/** @typedef {{ files: readonly string[], live: readonly string[], redis: string | undefined }} Services */
/** @typedef {{ shape: string, title: string, operation: string, medians: Record<string, Sample>, failures: Record<string, string>, samples: Record<string, Sample[]> }} Result */
/**
 * @typedef {object} Plan
 * @property {readonly Shape[]} shapes
 * @property {readonly string[]} only
 * @property {number} starts in so many the rounds are divided, and each starts all contenders anew: the same program costs some
 * 5 % more or less from one start to the next
 * @property {number} rounds
 * @property {number} ramp seconds before each round that are not counted: who has waited for the others begins cold
 * @property {number} seconds
 * @property {number} connections
 * @property {readonly import('./contender.mjs').NodeProgram[]} nodes
 */

/** Measures all shapes of a plan, one after the other. @param {Plan} plan @returns {Promise<Result[]>} */
export async function runGateways(plan) {
  installPeers();
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const chosen = plan.shapes.map((shape) => ({ shape, entries: entriesFor(shape, plan.only) }));
  const needsRedis = chosen.some(({ entries }) => entries.some(({ redis }) => redis));
  const services = { ...(await startUpstreams()), redis: needsRedis ? await startRedis() : undefined };
  const connections = await startConnections();
  /** @type {Result[]} */
  const results = [];
  for (const { shape, entries } of chosen) {
    if (entries.length === 0) continue;
    const { samples, failures } = await inStarts(entries, shape, plan, services, {
      folder,
      live: services.live[0] ?? '',
      connections,
    });
    const { name, title, operation } = shape;
    results.push({ shape: name, title, operation, medians: mediansOf(samples), failures, samples });
  }
  return results;
}

/**
 * Measures one shape, in so many starts.
 *
 * @param {readonly import('./contenders.mjs').Entry[]} entries
 * @param {Shape} shape
 * @param {Plan} plan
 * @param {Services} services
 * @param {{ folder: string, live: string, connections: import('node:child_process').ChildProcess }} by
 */
async function inStarts(entries, shape, plan, services, { folder, live, connections }) {
  const settings = { ...plan, rounds: Math.ceil(plan.rounds / plan.starts), folder, live };
  /** @type {Record<string, Sample[]>} */
  const samples = {};
  /** @type {Record<string, string>} */
  const failures = {};
  for (let start = 0; start < plan.starts; start += 1) {
    const contenders = await startAll(entries, shape, plan, services);
    const measured = await inRounds(contenders, shape, settings, connections);
    for (const { child } of contenders) child.kill('SIGKILL');
    for (const [name, more] of Object.entries(measured.samples))
      samples[name] = [...(samples[name] ?? []), ...more];
    Object.assign(failures, measured.failures);
  }
  for (const name of Object.keys(failures)) delete samples[name];
  return { samples, failures };
}

/**
 * Starts each contender on each Node, and sees that it does what is measured.
 *
 * @param {readonly import('./contenders.mjs').Entry[]} entries
 * @param {Shape} shape
 * @param {Plan} plan
 * @param {Services} services
 */
async function startAll(entries, shape, { nodes }, { files, live, redis }) {
  const upstreams = shape.load === 'wrk' ? files : live;
  const contenders = [];
  for (const entry of entries)
    for (const { label, path } of entry.program === 'node' ? nodes : nodes.slice(0, 1)) {
      const name = entry.program === 'node' ? entry.name + label : entry.name;
      const contender = await startContender(entry, name, path, upstreams, redis);
      await verify(contender, shape);
      contenders.push(contender);
    }
  return contenders;
}

/**
 * Rounds are interleaved, so that a busy moment hits all alike; the first one is not counted. One that fails is left out from
 * then on, and does not take the others with it.
 *
 * @param {readonly import('./contender.mjs').Contender[]} contenders
 * @param {Shape} shape
 * @param {{ rounds: number, ramp: number } & import('./load.mjs').Settings} settings
 * @param {import('node:child_process').ChildProcess} connections
 */
async function inRounds(contenders, shape, settings, connections) {
  /** @type {Record<string, Sample[]>} */
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  /** @type {Record<string, string>} */
  const failures = {};
  for (let round = -1; round < settings.rounds; round += 1) {
    for (const contender of contenders.filter(({ name }) => failures[name] === undefined)) {
      try {
        const sample = await measureRound(contender, shape, settings, connections, round);
        if (round >= 0) samples[contender.name]?.push(sample);
      } catch (error) {
        failures[contender.name] = /** @type {Error} */ (error).message;
        delete samples[contender.name];
        console.error(error);
      }
    }
  }
  return { samples, failures };
}

/**
 * @param {import('./contender.mjs').Contender} contender
 * @param {Shape} shape
 * @param {{ ramp: number } & import('./load.mjs').Settings} settings
 * @param {import('node:child_process').ChildProcess} connections
 * @param {number} round the first one is -1
 */
async function measureRound(contender, shape, settings, connections, round) {
  const measureFor = (/** @type {number} */ seconds) =>
    measure(contender, shape, { ...settings, seconds }, connections);
  if (round < 0) return measureFor(WARM_UP_SECONDS);
  if (settings.ramp > 0) await measureFor(settings.ramp);
  return measureFor(settings.seconds);
}

/** @param {Record<string, Sample[]>} samples @returns {Record<string, Sample>} */
function mediansOf(samples) {
  return Object.fromEntries(
    Object.entries(samples).map(([name, all]) => {
      const of = (/** @type {keyof Sample} */ figure) => median(all.map((one) => one[figure]));
      return [name, { cpu: of('cpu'), rate: of('rate'), p50: of('p50'), p99: of('p99'), rss: of('rss') }];
    }),
  );
}
