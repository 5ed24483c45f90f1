// What recording a request costs, against one observation of a labelled prom-client histogram:
// `npm run bench:analytics`.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { analytics } from 'gatewright/analytics';
import { Histogram, Registry } from 'prom-client';
import { contextOf } from '../dist/core/context.js';
import { cpuPerOperation, printTable } from './measure.mjs';
import { OWN_CORE, pin } from './processes.mjs';

pin(OWN_CORE);

const operations = 50_000;
const SUBJECTS = 1000;

/** Requests that have been answered by an upstream, of several subjects; each can end again and again. */
function requests() {
  return Array.from({ length: SUBJECTS }, (_, at) => {
    const req = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/api/kgot/query' });
    const res = new ServerResponse(req);
    const context = contextOf(req, res);
    const id = `key-${at}`;
    /** @type {string[]} */
    const permissions = [];
    context.identity = { id, method: 'api-key', tier: 'free', permissions, metadata: {} };
    context.service = {
      name: `service-${at % 6}`,
      path: '/api/kgot',
      rest: '/query',
      cost: 0.002,
      permissions,
      forwardCredentials: false,
    };
    context.cost = { estimated: 0.002, actual: 0.0031 };
    context.upstream = { target: 'http://127.0.0.1:1', attempts: 1, timeToFirstByteMs: 12 };
    /** @type {((ending: import('gatewright').Ending) => void)[]} */
    const ends = [];
    /** @type {(() => void)[]} */
    const heads = [];
    Object.assign(context.outcome, { headersSent: true });
    context.outcome.onEnd = (listener) => void ends.push(listener);
    context.outcome.onHeaders = (listener) => void heads.push(listener);
    return { req, res, ends, heads };
  });
}

/** @param {Parameters<typeof analytics>[0]} options */
function recording(options) {
  const recorder = analytics(options);
  const all = requests();
  for (const { req, res, heads } of all) {
    recorder(req, res, () => undefined);
    for (const tell of heads) tell();
  }
  return () => {
    for (let at = 0; at < operations; at += 1) all[at % SUBJECTS]?.ends[0]?.('finished');
  };
}

const histogram = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Duration of HTTP server requests.',
  labelNames: ['http_request_method', 'http_response_status_code', 'service', 'tier'],
  registers: [new Registry()],
});

const figures = await cpuPerOperation(
  {
    'prom-client: observe() with four labels': () => {
      for (let at = 0; at < operations; at += 1) {
        const labels = {
          http_request_method: 'GET',
          http_response_status_code: 200,
          service: `service-${at % 6}`,
          tier: 'free',
        };
        histogram.observe(labels, at / operations);
      }
    },
    'ours: metrics, hour, usage of 1,000 subjects': recording({}),
    'and a sink': recording({ sinks: [{ write: () => undefined }], sinkQueue: { flushMs: 1 } }),
    'and alerts and the forecast': recording({
      sinks: [{ write: () => undefined }],
      sinkQueue: { flushMs: 1 },
      alerts: [
        { metric: 'error_rate', above: 0.05 },
        { metric: 'latency', above: 1000 },
        { metric: 'cost_per_hour', above: 100, per: 'subject' },
      ],
      forecast: {},
    }),
  },
  { operations },
);
printTable('Recording a request', figures, 'prom-client: observe() with four labels');
process.exit(0);
