import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Service } from './service.js';
import type { Target } from './targets.js';

/** One request on its way to one target. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly service: Service;
  readonly target: Target;
  /** Path and query as they go upstream. */
  readonly path: string;
  /** All header fields as they go upstream. */
  readonly headers: OutgoingHttpHeaders;
  /** The body, where it is not to be read from `req`. */
  readonly body: Readable | undefined;
  /** The upstream's status and header fields have come: the answer can be relayed. */
  onResponse(upstream: IncomingMessage): void;
  /** It broke, before the answer's head or after. May be called more than once. */
  onFailure(error: Error): void;
}

/** Forwards requests to upstreams. */
export interface Transport {
  /** Forwards one request to one target, and reports to the exchange how it goes. */
  forward(exchange: Exchange): void;
  /** Closes idle connections. */
  close(): void;
}

/** An upstream was slower than its time-outs allow. */
export class UpstreamTimeout extends Error {
  constructor(phase: 'connect' | 'first byte' | 'idle', timeoutMs: number) {
    super(`Upstream ${phase} time-out after ${timeoutMs} ms`);
  }
}
