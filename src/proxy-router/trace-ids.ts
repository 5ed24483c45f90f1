import { randomFillSync } from 'node:crypto';

/** No version ff, no trace or parent of nothing but zeros; nothing behind the flags in version 00. */
const form =
  /^(?:00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[ -~]*)?)$/;

/** Bytes of a trace id and of a parent id. */
const LENGTH = 24;

/** So many at once: asking the system for randomness costs more than all else that a request needs of it. */
const pool = Buffer.alloc(128 * LENGTH);
let used = pool.length;

/** Whether a client's trace can be gone on with (W3C Trace Context, section 3.2; a later version may have more behind). */
export function isTrace(traceparent: unknown): boolean {
  return typeof traceparent === 'string' && form.test(traceparent);
}

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
