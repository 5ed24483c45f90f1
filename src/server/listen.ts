import type { AnyServer } from './http-server.js';

/** Where a server listens. */
export interface Place {
  readonly host: string | undefined;
  readonly port: number;
  readonly socketPath: string | undefined;
}

/** The address cannot be listened at. `message` says what to do. */
export class ListenError extends Error {
  readonly code = 'ERR_GATEWAY_LISTEN';

  override get name(): string {
    return 'ListenError';
  }
}

/** Listens, or throws ListenError. */
export function listen(server: AnyServer, place: Place): Promise<void> {
  const { host, port, socketPath } = place;
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(explained(cause, place));
    server.once('error', failed);
    const listening = (): void => {
      server.off('error', failed);
      resolve();
    };
    if (socketPath !== undefined) server.listen(socketPath, listening);
    else server.listen({ port, ...(host !== undefined && { host }) }, listening);
  });
}

function explained(cause: NodeJS.ErrnoException, place: Place): Error {
  const { host = 'any address', port, socketPath } = place;
  const where = socketPath === undefined ? `port ${port} of ${host}` : `the socket ${socketPath}`;
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `is in use: stop what listens there, or choose another by ${socketPath === undefined ? '`port`' : '`server.socketPath`'}`,
    EACCES:
      socketPath === undefined
        ? 'may not be used by this user: choose a port above 1023, or grant the right to it'
        : 'cannot be made: is its folder there, and may this user write into it?',
    EADDRNOTAVAIL: 'is on no interface of this machine: choose another `host`',
    ENOTFOUND: 'has no address: choose another `host`',
  };
  const remedy = remedies[cause.code ?? ''] ?? `cannot be listened at (${cause.code ?? cause.message})`;
  return new ListenError(`${where[0]?.toUpperCase()}${where.slice(1)} ${remedy}.`, { cause });
}
