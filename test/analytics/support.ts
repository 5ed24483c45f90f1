import { EventEmitter, once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AnalyticsMiddleware } from 'gatewright/analytics';
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
