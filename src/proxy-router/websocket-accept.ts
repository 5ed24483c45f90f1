import { createHash } from 'node:crypto';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Whether a 101 comes from who has read the request for a WebSocket (RFC 6455, section 4.2.2). One that does not may be
 * a status that somebody has made a server repeat, which goes on to read requests.
 */
export function isAcceptOf(key: unknown, accept: string | undefined): boolean {
  return accept === createHash('sha1').update(`${key}${GUID}`).digest('base64');
}
