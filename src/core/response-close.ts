import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Who waits for the end of a connection: one listener for each connection, however many answers wait on it. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back once when nothing more of a response can go anywhere. Where a client sends further requests before it has
 * its answer, Node says nothing of those whose turn has not come when the connection closes.
 */
export function onResponseClose(res: ServerResponse, listener: () => void): void {
  const socket = queuedOn(res);
  if (socket === undefined) {
    res.on('close', listener); // It comes once.
    return;
  }
  const others = waitingOn(socket);
  const tell = (): void => {
    if (others.delete(tell)) listener();
  };
  others.add(tell);
  res.once('close', tell);
}

/** Whether a response waited for its turn on a connection that is gone. */
export function isCutOff(res: ServerResponse): boolean {
  return queuedOn(res)?.destroyed === true;
}

/** The connection of a response that waits behind an earlier one. */
function queuedOn(res: ServerResponse): Socket | undefined {
  return res.socket === null && !res.writableFinished ? (res.req?.socket ?? undefined) : undefined;
}

function waitingOn(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known) return known;
  const listeners = new Set<() => void>();
  waiting.set(socket, listeners);
  socket.once('close', () => {
    waiting.delete(socket);
    for (const tell of [...listeners]) tell();
  });
  return listeners;
}
