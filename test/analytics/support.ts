import { EventEmitter, once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AnalyticsMiddleware } from 'gatewright/analytics';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import { contextOf } from '../../src/core/context.js';
import { type mounts, serve } from '../helpers.js';

type Mount = (typeof mounts)[number][1];

const bare: Mount = (middleware, last) => (req, res) => middleware(req, res, () => last(req, res));

/** A server behind `analytics()`, with a way of waiting until so many requests have been recorded. */
export async function recorded(recorder: AnalyticsMiddleware, last: RequestListener, mount = bare) {
  const ends = new EventEmitter();
  let count = 0;
  const server = await serve(
    mount((req, res, next) => {
      // Listeners of the end are called last-added-first: this one after the recorder's.
      contextOf(req, res).outcome.onEnd(() => {
        count += 1;
        ends.emit('end');
      });
      recorder(req, res, next);
    }, last),
  );
  async function until(wanted: number): Promise<void> {
    while (count < wanted) await once(ends, 'end');
  }
  return { ...server, until };
}

/** What is recorded of a request that went well, unless more is said. */
export function recordOf(more: Partial<RequestEvent> = {}): RequestEvent {
  return {
    timestamp: Date.parse('2024-01-01T12:00:00.000Z'),
    id: 'a-request',
    service: 'kgot',
    tier: 'free',
    subject: 'key:a',
    method: 'GET',
    status: 200,
    durationMs: 10,
    timeToFirstByteMs: 5,
    upstreamMs: 4,
    bytesIn: 0,
    bytesOut: 0,
    cost: 0,
    ending: 'finished',
    refusal: undefined,
    limitType: undefined,
    limitEnforced: true,
    retries: 0,
    upstreamFailure: undefined,
    degraded: undefined,
    webSocket: undefined,
    ...more,
  };
}
