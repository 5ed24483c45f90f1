import type { Socket } from 'node:net';
import { rawUpstream } from './support.js';

/** One request as a strict reader of RFC 9112 takes it from a connection. */
export interface Recorded {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
}

/**
 * An upstream that keeps the bytes of each connection and answers what a strict reader finds in them. What it reads as
 * a request, an upstream may act on.
 */
export async function recordingUpstream(answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') {
  const connections: string[] = [];
  const listen = (socket: Socket, first: string): void => {
    const at = connections.push(first) - 1;
    let answered = 0;
    const read = (): void => {
      const whole = requestsIn(connections[at] as string).length;
      for (; answered < whole; answered++) socket.write(answer);
    };
    socket.on('data', (bytes) => {
      connections[at] += bytes.toString('latin1');
      read();
    });
    read();
  };
  const { url, server } = await rawUpstream(listen);
  return {
    url,
    server,
    connections,
    requests: () => connections.flatMap((bytes) => requestsIn(bytes)),
  };
}

/** The whole requests in these bytes. */
function requestsIn(bytes: string): Recorded[] {
  const found: Recorded[] = [];
  let rest = bytes;
  while (rest.includes('\r\n\r\n')) {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n');
    const { body, after } = bodyIn(rest.slice(end + 4), fields);
    if (body === undefined) break;
    found.push({ line, fields, body });
    rest = after;
  }
  return found;
}

function bodyIn(bytes: string, fields: readonly string[]): { body: string | undefined; after: string } {
  const [length, ...lengths] = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 0 || (length !== undefined && codings.length > 0))
    throw new Error(`The gateway sent a request of two lengths: ${fields.join('; ')}`);
  if (codings.length > 0) return chunksIn(bytes);
  const size = Number(length ?? 0);
  return bytes.length < size
    ? { body: undefined, after: bytes }
    : { body: bytes.slice(0, size), after: bytes.slice(size) };
}

function chunksIn(bytes: string): { body: string | undefined; after: string } {
  let body = '';
  let rest = bytes;
  for (;;) {
    const [line, size] = /^([\da-f]+)\r\n/i.exec(rest) ?? [];
    if (line === undefined) return { body: undefined, after: bytes };
    const length = Number.parseInt(size as string, 16);
    const end = line.length + length;
    if (rest.slice(end, end + 2) !== '\r\n') return { body: undefined, after: bytes };
    body += rest.slice(line.length, end);
    rest = rest.slice(end + 2);
    if (length === 0) return { body, after: rest };
  }
}

function valuesOf(fields: readonly string[], name: string): string[] {
  return fields
    .filter((field) => field.toLowerCase().startsWith(`${name}:`))
    .map((field) => field.slice(name.length + 1).trim());
}
