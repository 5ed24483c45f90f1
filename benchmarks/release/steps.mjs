import { entriesFor } from '../gateway/contenders.mjs';
import { shapes } from '../gateway/shapes.mjs';

/**
 * One benchmark of the release's run. What it prints is kept beside the JSON that it writes.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} given to Node
 * @property {number} seconds that it takes, roughly
 * @property {boolean} writesJson
 */

/** What is measured on each line of Node. */
export const NODES = ['20', '22', '24', '26'];
const ON_EACH_NODE = [
  'express hello',
  'http-proxy-middleware on node:http',
  'ours: everything',
  'ours: everything, undici',
  'ours: everything, mounted in Express',
  'ours: refused (429)',
];

/** All in their order. @param {boolean} quick only to see that everything runs @returns {readonly Step[]} */
export function stepsOf(quick) {
  const rounds = quick ? 2 : 10;
  const how = ['--rounds', String(rounds), '--seconds', '1', '--ramp', '1'];
  const oneTurn = rounds * 2.6 + 3.3;
  // Small differences between few: over several starts, of which each has a level of its own.
  const howSmall = ['--starts', '3', ...how.with(1, String(quick ? 3 : 12))];
  const oneOfFew = (quick ? 3 : 12) * 2.6 + 3 * 4;
  const services = ['ours: 6 services', 'ours: 10,000 services'].flatMap((name) => ['--only', name]);
  // What nothing is promised of takes fewer and shorter rounds.
  const fewer = quick ? 2 : 3;
  const briefly = ['--rounds', String(fewer), '--seconds', '1', '--ramp', '1'];
  const briefTurn = fewer * 2.6 + 3.3;
  const others = shapes.filter(({ name }) => name !== 'get-1k');
  const measured = others.reduce((sum, shape) => sum + entriesFor(shape, []).length, 0);
  const perNode = ON_EACH_NODE.length * NODES.length;
  const memory = quick ? ['--first', '1000', '--last', '4000'] : [];
  const micro = (/** @type {string} */ name, /** @type {string[]} */ flags = []) => ({
    name,
    given: [...flags, `benchmarks/${name}.mjs`],
    seconds: quick ? 20 : 60,
    writesJson: false,
  });
  const own = (/** @type {string} */ name, /** @type {string[]} */ given, /** @type {number} */ took) => ({
    name,
    given: [`benchmarks/${name}.mjs`, ...given],
    seconds: took,
    writesJson: true,
  });
  const onNodes = [
    ...NODES.flatMap((node) => ['--node', node]),
    ...ON_EACH_NODE.flatMap((name) => ['--only', name]),
  ];
  return [
    own('gateway', how, 30 * oneTurn),
    {
      ...own('gateway', [...onNodes, ...briefly], perNode * briefTurn + 60),
      name: 'nodes',
    },
    own('redis-calls', howSmall, 7 * oneOfFew),
    { ...own('gateway', [...services, ...howSmall], 2 * oneOfFew), name: 'services' },
    own('chain', quick ? ['--requests', '4000'] : [], quick ? 10 : 60),
    own('route-match', [], quick ? 10 : 60),
    own('memory', memory, quick ? 20 : 600),
    micro('limiter', ['--expose-gc']),
    micro('authenticate'),
    micro('analytics'),
    micro('circuit-breaker'),
    micro('transports'),
    {
      ...own(
        'gateway',
        [...others.flatMap(({ name }) => ['--shape', name]), ...briefly],
        measured * briefTurn + 60,
      ),
      name: 'shapes',
    },
  ];
}
