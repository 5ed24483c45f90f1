import type { Writable } from 'node:stream';

const corked = new WeakSet<Writable>();

/** Has all that is written to a stream in this turn of the event loop go out at its end, in one system call. */
export function corkTurn(stream: Writable): void {
  if (corked.has(stream)) return;
  corked.add(stream);
  stream.cork();
  setImmediate(() => {
    corked.delete(stream);
    stream.uncork();
  });
}
