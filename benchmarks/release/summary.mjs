import { BASE } from '../gateway/contenders.mjs';

/** @typedef {{ what: string, figure: number, unit: string, most?: number, least?: number }} Line */

/**
 * What must hold, each with the figure that was measured.
 *
 * @param {(step: string) => any} read what a step wrote
 * @returns {Line[]}
 */
function linesOf(read) {
  const all = figuresOf(read('gateway'));
  const onNodes = figuresOf(read('nodes'));
  const services = figuresOf(read('services'));
  const chain = read('chain')?.chain ?? Number.NaN;
  const redis = read('redis-calls')?.ratios?.['ours: everything'] ?? Number.NaN;
  const { first, last, ratios: memory = {} } = read('memory') ?? {};
  const undici = all('ours: everything, undici');
  return [
    {
      what: `Everything on, against ${BASE}`,
      figure: all('ours: everything') / all(BASE),
      unit: '×',
      most: 1.2,
    },
    { what: 'The chain alone, in process', figure: chain, unit: ' µs', most: 20 },
    {
      what: 'Everything on over undici, against @fastify/http-proxy',
      figure: undici / all('@fastify/http-proxy'),
      unit: '×',
      most: 1,
    },
    {
      what: 'Everything on over undici, against fast-gateway',
      figure: undici / all('fast-gateway'),
      unit: '×',
      most: 1,
    },
    {
      what: 'The assembled stack, against everything on, both with a JWT',
      figure: all('assembled stack') / all('ours: everything, JWT'),
      unit: '×',
      least: 4,
    },
    { what: 'Redis mode adds, in bare calls of EVALSHA', figure: redis, unit: '×', most: 3 },
    ...['20', '24'].map((node, at) => ({
      what: `A refusal (429), against a hello world in Express, Node ${node}`,
      figure: onNodes('ours: refused (429)', node) / onNodes('express hello', node),
      unit: '×',
      most: at === 0 ? 0.5 : 1.5,
    })),
    {
      what: '10,000 services, against 6',
      figure: services('ours: 10,000 services') / services('ours: 6 services'),
      unit: '×',
      most: 1.1,
    },
    {
      what: `Heap after ${last?.requests} requests, against after ${first?.requests}`,
      figure: memory.heapUsed ?? Number.NaN,
      unit: '×',
      most: 1.1,
    },
    { what: 'And the memory of the process', figure: memory.rss ?? Number.NaN, unit: '×', most: 1.1 },
  ];
}

/** CPU of the GET of 1 KB by a contender's name, and by its Node. @param {any} run */
function figuresOf(run) {
  const medians = run?.results?.find((/** @type {any} */ { shape }) => shape === 'get-1k')?.medians ?? {};
  return (/** @type {string} */ name, /** @type {string | undefined} */ node = undefined) => {
    const label = node === undefined ? name : `${name} (Node ${node}.`;
    const found = Object.keys(medians).find((one) => (node ? one.startsWith(label) : one === label));
    return found === undefined ? Number.NaN : medians[found].cpu;
  };
}

/** What must hold, as rows: what, figure, bound, and whether it does. @param {(step: string) => any} read */
export function summaryOf(read) {
  return linesOf(read).map(({ what, figure, unit, most, least }) => {
    const holds = most === undefined ? figure >= (least ?? Number.NaN) : figure <= most;
    const bound = most === undefined ? `at least ${least}${unit}` : `at most ${most}${unit}`;
    // What costs less than nothing is noise.
    if (Number.isNaN(figure) || figure <= 0) return [what, 'not measured', bound, 'no'];
    return [what, `${figure.toFixed(2)}${unit}`, bound, holds ? 'yes' : 'no'];
  });
}
