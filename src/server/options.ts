import { z } from 'zod';
import type { GatewayOptions } from '../gateway/index.js';
import { gatewaySchema } from '../gateway/options.js';

/** How connections are encrypted. */
export interface TlsOptions {
  /** The certificate, and those between it and its authority: PEM, or the path of a file of it. */
  readonly cert: string;
  /** Its key: PEM, or the path of a file of it. */
  readonly key: string;
  /** The key's passphrase. Default: none. */
  readonly passphrase?: string | undefined;
  /** Who signs certificates of clients: PEM, or a path. With it, clients must show one. Default: none. */
  readonly clientCa?: string | undefined;
  /** Whether HTTP/2 is spoken to whoever asks for it; HTTP/1.1 is in any case. Default true. */
  readonly http2?: boolean | undefined;
  /** How often files are looked at for new certificates, in milliseconds; 0 for never. Default 10,000. */
  readonly reloadMs?: number | undefined;
}

/** How the server treats connections. Times are milliseconds. */
export interface ServerOptions {
  /** A Unix socket, or a named pipe, in place of `host` and `port`. Default: none. */
  readonly socketPath?: string | undefined;
  /** Serves HTTPS. Default: none. */
  readonly tls?: TlsOptions | undefined;
  /** How long the header fields of a request may take: 408 beyond. Default 20,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** How long a whole request may take, its body included: 408 beyond; 0 for no limit. Default 300,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a connection stays open without a request. Longer than a load balancer's in front. Default 65,000. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** How long a client may take nothing of an answer that waits for it. Default 60,000. */
  readonly sendTimeoutMs?: number | undefined;
  /** How long the fields of a request may be together, in bytes: 431 beyond. Default 16,384. */
  readonly maxHeaderBytes?: number | undefined;
  /** How many connections there may be; further ones are closed at once. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** How many requests a connection may carry, one after the other; 0 for no limit. Default 0. */
  readonly maxRequestsPerSocket?: number | undefined;
  /** How many requests one HTTP/2 connection may carry at a time. Default 100. */
  readonly maxConcurrentStreams?: number | undefined;
  /** How long requests are still taken after the server says that it is not ready any more. Default 0. */
  readonly drainDelayMs?: number | undefined;
  /** How long running requests, streams and WebSockets have to end. Default 30,000. */
  readonly drainTimeoutMs?: number | undefined;
}

/** Options of `startGateway()`: those of `createGateway()`, and where it listens. */
export interface StartOptions extends GatewayOptions {
  /** The address that it listens at. Default `0.0.0.0`, or `::` where there is IPv6. */
  readonly host?: string | undefined;
  /** The port that it listens at; 0 for any free one. Default 8080. */
  readonly port?: number | undefined;
  /** How connections are treated, and how it drains. */
  readonly server?: ServerOptions | undefined;
}

const milliseconds = z.int().max(86_400_000);

const tlsSchema = z.strictObject({
  cert: z.string().min(1),
  key: z.string().min(1),
  passphrase: z.string().optional(),
  clientCa: z.string().min(1).optional(),
  http2: z.boolean().default(true),
  reloadMs: milliseconds.nonnegative().default(10_000),
});

export const serverSchema = z.strictObject({
  socketPath: z.string().min(1).optional(),
  tls: tlsSchema.optional(),
  headersTimeoutMs: milliseconds.positive().default(20_000),
  requestTimeoutMs: milliseconds.nonnegative().default(300_000),
  keepAliveTimeoutMs: milliseconds.positive().default(65_000),
  sendTimeoutMs: milliseconds.positive().default(60_000),
  maxHeaderBytes: z.int().min(1024).max(1_048_576).default(16_384),
  maxConnections: z.int().positive().max(1_000_000).default(10_000),
  maxRequestsPerSocket: z.int().nonnegative().max(1_000_000_000).default(0),
  maxConcurrentStreams: z.int().positive().max(65_536).default(100),
  drainDelayMs: milliseconds.nonnegative().default(0),
  drainTimeoutMs: milliseconds.positive().default(30_000),
});

/** What `startGateway()` takes, and a configuration file. */
export const startSchema = gatewaySchema.safeExtend({
  host: z.string().min(1).optional(),
  port: z.int().min(0).max(65_535).default(8080),
  server: serverSchema.default(() => serverSchema.parse({})),
});

/** Where and how it listens, with defaults. */
export type ResolvedServer = z.output<typeof serverSchema>;
export type ResolvedTls = z.output<typeof tlsSchema>;
