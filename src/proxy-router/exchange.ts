import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { GatewayContext, ServiceMatch, Upstream } from '../core/context.js';
import { BadGatewayError, type GatewayError, GatewayTimeoutError } from '../core/errors.js';
import { bufferedBody } from './request-body.js';
import { copyResponseHead } from './response-headers.js';
import type { Service } from './service.js';
import type { Target } from './targets.js';
import { type Exchange, UpstreamTimeout } from './transport.js';
import { upstreamHeaders } from './upstream-headers.js';

/** One request on its way: relays the answer, or reports one failure. */
export class ProxyExchange implements Exchange {
  readonly headers: Exchange['headers'];
  readonly body: Readable | undefined;
  readonly path: string;
  readonly #context: GatewayContext;
  readonly #upstream: { -readonly [Key in keyof Upstream]: Upstream[Key] };
  readonly #startedAt = performance.now();
  readonly #report: (error: GatewayError) => void;
  #state: 'waiting' | 'relaying' | 'failed' = 'waiting';

  constructor(
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly service: Service,
    readonly target: Target,
    context: GatewayContext,
    match: ServiceMatch,
    report: (error: GatewayError) => void,
  ) {
    this.#context = context;
    this.#report = report;
    this.#upstream = { target: target.origin, attempts: 1 };
    context.upstream = this.#upstream;
    this.path = target.basePath + (match.rest.startsWith('/') ? match.rest : `/${match.rest}`);
    this.headers = upstreamHeaders(req, context, target);
    const body = bufferedBody(req);
    this.body = body && this.#replay(body);
  }

  onResponse(upstream: IncomingMessage): void {
    if (this.#state !== 'waiting') return;
    this.#upstream.timeToFirstByteMs = performance.now() - this.#startedAt;
    try {
      copyResponseHead(upstream, this.res, this.#context.ownsCors);
    } catch (error) {
      upstream.destroy();
      this.onFailure(error as Error);
      return;
    }
    this.#state = 'relaying';
    upstream.once('close', () => {
      if (!upstream.complete) this.onFailure(new Error('The upstream cut its answer short'));
    });
    upstream.pipe(this.res);
    // Where the body does not follow at once, as with server-sent events, the head does not wait for it.
    queueMicrotask(() => {
      if (!this.res.headersSent && !this.res.destroyed) this.res.flushHeaders();
    });
  }

  onFailure(error: Error): void {
    if (this.#state === 'failed' || this.#context.outcome.ending !== undefined) return;
    const relaying = this.#state === 'relaying';
    this.#state = 'failed';
    this.#context.outcome.fail(error);
    if (relaying) this.res.destroy();
    else if (error instanceof UpstreamTimeout)
      this.#report(new GatewayTimeoutError(this.service.name, error));
    else this.#report(new BadGatewayError(this.service.name, error));
  }

  #replay(body: Buffer): Readable {
    delete this.headers['transfer-encoding'];
    delete this.headers['content-encoding'];
    this.headers['content-length'] = body.length;
    return Readable.from([body]);
  }
}
