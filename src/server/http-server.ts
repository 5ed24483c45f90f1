import {
  createServer as createHttp,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { ResolvedServer } from './options.js';

/** A server of HTTP, of HTTPS, or of HTTPS with HTTP/2. */
export type AnyServer = Server | Http2SecureServer;

/** Servers of HTTP/1 take these as properties, too, and types of HTTP/2 ones do not know that they do. */
interface Limits {
  headersTimeout: number;
  requestTimeout: number;
  keepAliveTimeout: number;
  connectionsCheckingInterval: number;
  maxRequestsPerSocket: number;
  maxHeadersCount: number;
  maxHeaderSize: number;
  maxConnections: number;
}

/** Makes a server with its limits. It does not listen yet. */
export function createHttpServer(
  options: ResolvedServer,
  certificates: SecureContextOptions | undefined,
  listener: RequestListener,
): AnyServer {
  const { tls, maxHeaderBytes } = options;
  const check = { connectionsCheckingInterval: checkIntervalOf(options), maxHeaderSize: maxHeaderBytes };
  const mutual = tls?.clientCa !== undefined && { requestCert: true, rejectUnauthorized: true };
  let server: AnyServer;
  if (tls === undefined) server = createHttp(check, listener);
  else if (tls.http2) {
    server = createSecureServer({
      ...certificates,
      ...mutual,
      allowHTTP1: true,
      settings: { maxConcurrentStreams: options.maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes },
    });
    // Its types know requests of HTTP/2 alone; the gateway uses what both have.
    server.on('request', listener as never);
    limitSessions(server, options);
  } else server = createHttps({ ...check, ...certificates, ...mutual }, listener);
  limit(server, options);
  server.on('clientError', answerClientError);
  return server;
}

function limit(server: AnyServer, options: ResolvedServer): void {
  const limits: Limits = {
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    connectionsCheckingInterval: checkIntervalOf(options),
    maxRequestsPerSocket: options.maxRequestsPerSocket,
    // Node would leave the further ones out without a word; `maxHeaderSize` bounds them.
    maxHeadersCount: 0,
    maxHeaderSize: options.maxHeaderBytes,
    maxConnections: options.maxConnections,
  };
  Object.assign(server, limits);
}

/** How late a time-out may be noticed. */
function checkIntervalOf({ headersTimeoutMs }: ResolvedServer): number {
  return Math.max(50, Math.min(5000, headersTimeoutMs / 4));
}

/** What HTTP/1 has by itself: bodies that take too long are cut off, connections without requests are closed. */
function limitSessions(server: Http2SecureServer, options: ResolvedServer): void {
  const streams = new WeakMap<ServerHttp2Session, number>();
  server.setTimeout(options.keepAliveTimeoutMs);
  server.on('timeout', (session: ServerHttp2Session | Socket) => {
    if (!('close' in session)) {
      // A connection of HTTP/1.1, whose requests take as long as others do.
      if (!answerOn(session)) session.destroy();
    } else if ((streams.get(session) ?? 0) === 0) session.close();
  });
  server.on('stream', (stream: ServerHttp2Stream & { endAfterHeaders?: boolean }) => {
    const session = stream.session as ServerHttp2Session;
    streams.set(session, (streams.get(session) ?? 0) + 1);
    stream.once('close', () => streams.set(session, (streams.get(session) ?? 1) - 1));
    if (options.requestTimeoutMs === 0 || stream.endAfterHeaders) return;
    const timer = setTimeout(() => stream.close(), options.requestTimeoutMs).unref();
    const stop = (): void => clearTimeout(timer);
    stream.once('end', stop).once('close', stop);
  });
}

const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * A request that could not be read is answered in the documented shape, as far as there is somebody to answer, and no
 * other answer that has begun, into which this one would be mixed.
 */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET' || answerOn(socket)?.headersSent) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? '400 Bad Request';
  const body = JSON.stringify({ error: sentence(status.slice(4)) });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** The answer that is due on a connection of HTTP/1.1. */
function answerOn(socket: Socket): ServerResponse | null | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
}

/** As the other errors are written. */
function sentence(words: string): string {
  return words[0] + words.slice(1).toLowerCase();
}
