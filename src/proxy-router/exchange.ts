import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { GatewayContext, ServiceMatch, Upstream } from '../core/context.js';
import { BadGatewayError, type GatewayError, GatewayTimeoutError } from '../core/errors.js';
import { isAsReceived } from '../core/received-body.js';
import { bufferedBody } from './request-body.js';
import { copyResponseHead } from './response-headers.js';
import type { Service } from './service.js';
import type { Target } from './targets.js';
import { type Exchange, UpstreamTimeout } from './transport.js';
import { upstreamHeaders } from './upstream-headers.js';

/** Hears what broke, and how to answer the request where no answer has begun. */
export type FailureReport = (cause: Error, refusal?: GatewayError) => void;

/** One request on its way: relays the answer, or reports one failure. */
export class ProxyExchange implements Exchange {
  readonly headers: Exchange['headers'];
  readonly body: Readable | undefined;
  readonly path: string;
  readonly #context: GatewayContext;
  readonly #upstream: { -readonly [Key in keyof Upstream]: Upstream[Key] };
  readonly #startedAt = performance.now();
  readonly #report: FailureReport;
  #answer: IncomingMessage | undefined;
  #failed = false;

  constructor(
    readonly req: IncomingMessage,
    readonly res: ServerResponse,
    readonly service: Service,
    readonly target: Target,
    context: GatewayContext,
    match: ServiceMatch,
    report: FailureReport,
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
    if (this.#failed) return;
    this.#upstream.timeToFirstByteMs = performance.now() - this.#startedAt;
    try {
      copyResponseHead(upstream, this.res, this.#context.ownsCors);
    } catch (error) {
      // Not at once: httpxy cuts the response together with the upstream's answer, and ours may still have to be given.
      this.res.once('close', () => upstream.destroy());
      this.onFailure(error as Error);
      return;
    }
    this.#answer = upstream;
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
    if (this.#failed || this.#context.outcome.ending !== undefined) return;
    // What breaks behind a whole answer, such as the rest of an upload that nobody reads, does not hurt it.
    if (this.#answer?.complete) return;
    this.#failed = true;
    this.#context.outcome.fail(error);
    if (this.#answer) {
      this.res.destroy(error); // Without an error, HTTP/2 would end the answer as if it were whole.
      this.#report(error);
      return;
    }
    this.#discardUpload();
    const Refusal = error instanceof UpstreamTimeout ? GatewayTimeoutError : BadGatewayError;
    this.#report(error, new Refusal(this.service.name, error));
  }

  /** A client that reads no answer before all of its upload is taken would wait for ever. */
  #discardUpload(): void {
    this.req.unpipe();
    this.req.resume();
  }

  #replay(body: Buffer): Readable {
    delete this.headers['transfer-encoding'];
    if (!isAsReceived(body)) delete this.headers['content-encoding'];
    this.headers['content-length'] = body.length;
    return Readable.from([body]);
  }
}
