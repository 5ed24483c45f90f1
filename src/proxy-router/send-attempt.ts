import { Readable } from 'node:stream';
import type { Attempt } from './transport.js';

/** Bytes of a body that is short. */
const SHORT = 16_384;

/**
 * Sends a short request at the end of the turn of the event loop: an upstream that is woken for each of a turn's requests
 * costs more than all else that is done to send them. A long upload goes on as it comes: the more of it is on its way when
 * it is refused, the likelier is the answer lost to a reset.
 */
export function sendAttempt({ body }: Pick<Attempt, 'body'>, send: () => void): void {
  if (!(body instanceof Readable) || Number(body.headers['content-length']) <= SHORT) setImmediate(send);
  else send();
}
