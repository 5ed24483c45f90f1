import { randomFillSync } from 'node:crypto';

/** Bytes of a trace id and of a parent id. */
const LENGTH = 24;

/** So many at once: asking the system for randomness costs more than all else that a request needs of it. */
const pool = Buffer.alloc(128 * LENGTH);
let used = pool.length;

/** A trace that begins here: version, trace id, parent id, not sampled (W3C Trace Context, section 3.2). */
export function newTrace(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const ids = pool.toString('hex', used, used + LENGTH);
  used += LENGTH;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}
