import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { BadRequestError } from './errors.js';
import { isAmbiguousPath, pathOf } from './path.js';
import { isHost } from './request-target.js';

const close = { Connection: 'close' };

/**
 * Connections on which nobody can tell where requests begin. They are closed with the answer, but what has come on them
 * before that, Node takes for requests.
 */
const lost = new WeakSet<Socket>();

/**
 * The refusal of a request that two parsers could read differently, so that what was checked is not what is reached:
 * its path, its host, or where it ends. Undefined for a plain one.
 */
export function refusalOfAmbiguity(req: IncomingMessage): BadRequestError | undefined {
  if (isAmbiguousPath(pathOf(req.url ?? '/')))
    return new BadRequestError('The path can be read in more than one way');
  if (hasAmbiguousHost(req)) return new BadRequestError('The host can be read in more than one way');
  if (!lost.has(req.socket) && !hasAmbiguousEnd(req)) return undefined;
  lost.add(req.socket);
  return new BadRequestError('The end of the request can be read in more than one way', close);
}

/** Two hosts, or what is none (RFC 9112, section 3.2; RFC 9113, section 8.3.1). */
function hasAmbiguousHost({ rawHeaders, headers }: IncomingMessage): boolean {
  let found = headers[':authority'] as string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    const host = rawHeaders[at + 1] as string;
    if (found !== undefined && (headers[':authority'] === undefined || found !== host)) return true;
    found = host;
  }
  return found !== undefined && !isHost(found);
}

/**
 * A transfer coding that is not `chunked` alone, or that a client of HTTP/1.0 names (RFC 9112, section 6.1); or a version
 * that is not spoken on such a connection, of which Node takes `HTTP/2.0` and `HTTP/0.9` from a request line.
 */
function hasAmbiguousEnd(req: IncomingMessage): boolean {
  if ('stream' in req) return false; // HTTP/2 has frames.
  const { httpVersion, headers } = req;
  const coding = headers['transfer-encoding'];
  if (httpVersion === '1.1') return coding !== undefined && coding.toLowerCase() !== 'chunked';
  return httpVersion !== '1.0' || coding !== undefined;
}
