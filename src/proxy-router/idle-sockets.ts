import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Closes a kept connection on which something comes that nobody has asked for: the rest of it could be taken for the
 * answer of the next request. By itself, Node discards what comes while no request has the connection, and keeps it.
 */
export function closeOnUnsolicitedData<Kept extends Agent>(agent: Kept): Kept {
  const { keepSocketAlive, reuseSocket } = agent as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  return Object.assign(agent, {
    keepSocketAlive(socket: Duplex): unknown {
      const kept = keepSocketAlive?.call(agent, socket);
      if (kept !== false) socket.on('data', destroy);
      return kept;
    },
    reuseSocket(socket: Duplex, request: unknown): void {
      socket.off('data', destroy);
      reuseSocket?.call(agent, socket, request);
    },
  });
}

function destroy(this: Duplex): void {
  this.destroy();
}
