import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayContext, Upstream, UpstreamFailure } from '../core/context.js';
import {
  BadGatewayError,
  type GatewayError,
  GatewayTimeoutError,
  PayloadTooLargeError,
  ServiceUnavailableError,
} from '../core/errors.js';
import { AnswerBody } from './answer-body.js';
import type { AttemptRequest } from './attempt.js';
import { CostMeter } from './cost.js';
import { changeResponse } from './header-rules.js';
import { OutgoingBody } from './outgoing-body.js';
import { isIdempotent } from './replay.js';
import { copyHead, copyResponseHead, pairsOf, relayEarlyHints } from './response-headers.js';
import { responseRewrite } from './response-rewrite.js';
import type { Service } from './service.js';
import type { ExchangeReport, ServiceRequest } from './service-request.js';
import type { Target } from './target.js';
import type { NoTarget } from './target-pool.js';
import { type Flow, type ResponseHead, type Transport, UpstreamTimeout } from './transport.js';
import { type TriedRequest, Tries } from './tries.js';
import { failureOf } from './upstream-failure.js';
import { upstreamHeaders } from './upstream-headers.js';
import { openWebSocket, upgradeFields, type WebSocketOpening } from './websocket-opening.js';

/** Who finds no target may ask again after so long, in seconds. */
const RETRY_AFTER_SECONDS = 1;

/** One request on its way: relays the answer of whichever target gives one, or reports one failure. */
export class ProxyExchange implements TriedRequest {
  readonly key: string | undefined;
  replayable = false;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly service: Service;
  readonly transport: Transport;
  readonly #request: ServiceRequest;
  readonly #context: GatewayContext;
  readonly #report: ExchangeReport;
  readonly #opening: WebSocketOpening | undefined;
  readonly #upstream: { -readonly [Key in keyof Upstream]: Upstream[Key] };
  readonly #startedAt = performance.now();
  readonly #tries: Tries;
  readonly #body: OutgoingBody;
  readonly #cost: CostMeter | undefined;
  #uploaded = 0;
  /** Of the answer, once there is one. */
  #answer: AnswerBody | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #over = false;

  /** @throws ConsumedBodyError where a body was read before, and is lost */
  constructor(request: ServiceRequest, transport: Transport, report: ExchangeReport) {
    const { req, res, service, context, opening } = request;
    this.req = req;
    this.res = res;
    this.service = service;
    this.transport = transport;
    this.#request = request;
    this.#context = context;
    this.#report = report;
    this.#opening = opening;
    this.#upstream = { target: '', attempts: 0 };
    this.#body = new OutgoingBody(req);
    this.#tries = new Tries(this);
    this.#cost = CostMeter.for(service.cost, context, (cause) => report.costRejected(request, cause));
    this.key = service.hashKey?.(req, context);
  }

  get hedgeable(): boolean {
    return this.#opening === undefined;
  }

  start(): void {
    const { req, service } = this;
    const { length, flows } = this.#body;
    if (length !== undefined && this.#isTooLong(length)) return;
    const { totalMs } = service.timeouts;
    if (totalMs !== undefined)
      this.#deadline = setTimeout(
        () => this.onFailure(undefined, new UpstreamTimeout('total', totalMs)),
        totalMs,
      ).unref();
    this.#context.outcome.onEnd(() => this.#stop());
    service.budget?.deposit();
    this.replayable = !flows && isIdempotent(req);
    if (flows && this.#isWorthKeeping(length)) this.#keepBody();
    else this.#tries.next();
  }

  requestFor(target: Target): AttemptRequest {
    const { rest } = this.#request.match;
    const path = target.basePath + (rest.startsWith('/') ? rest : `/${rest}`);
    const headers = upstreamHeaders(this.req, this.#context, target, this.service);
    if (this.#opening) Object.assign(headers, upgradeFields);
    this.#body.describe(headers);
    const { totalMs } = this.service.timeouts;
    if (totalMs !== undefined)
      headers['x-gateway-timeout-ms'] = Math.max(0, Math.round(totalMs - this.#ageMs));
    return { method: this.req.method ?? 'GET', path, headers, body: this.#body.source };
  }

  onTry(target: Target): void {
    this.#upstream.target = target.origin;
    this.#upstream.attempts += 1;
    this.#context.upstream = this.#upstream;
  }

  onRetry(target: Target, cause: Error): void {
    this.#report.retried(this.#request, target, cause);
  }

  onInformation(head: ResponseHead): void {
    relayEarlyHints(head, this.req, this.res);
  }

  onUpload(bytes: number): void {
    this.#uploaded += bytes;
    this.#isTooLong(this.#uploaded);
  }

  onAnswer(target: Target, head: ResponseHead, flow: Flow): void {
    if (this.#copy(copyResponseHead, head, target)) this.#answer = new AnswerBody(this.res, flow);
  }

  onUpgrade(target: Target, head: ResponseHead, socket: Socket, first: Buffer): void {
    if (this.#opening === undefined || !this.#copy(copyHead, head, target)) return;
    clearTimeout(this.#deadline);
    const { idleMs } = this.service.timeouts;
    const onBroken = (cause: Error): void => this.#report.failed(this.#request, cause, target);
    openWebSocket(this.#opening, this.#context, this.res, { socket, first, idleMs, onBroken });
  }

  onData(chunk: Buffer): void {
    this.#cost?.onData(chunk.length);
    this.#answer?.write(chunk);
  }

  onEnd(rawTrailers: readonly string[]): void {
    this.#over = true;
    const trailers = pairsOf(this.#cost?.onTrailers(rawTrailers) ?? rawTrailers);
    if (trailers.length > 0) this.res.addTrailers(trailers);
    this.#answer?.end();
  }

  onFailure(target: Target | undefined, cause: Error): void {
    if (this.#over) return;
    const failure = failureOf(cause);
    const Refusal = cause instanceof UpstreamTimeout ? GatewayTimeoutError : BadGatewayError;
    if (this.#answer) this.#cut(failure, cause, target);
    else this.#refuse(new Refusal(this.service.name, cause), failure, cause, target);
  }

  onNoTarget(reason: NoTarget): void {
    const cause = new Error(reason === 'no_target' ? 'No target is well' : 'All connections are taken');
    const refusal = new ServiceUnavailableError(this.service.name, RETRY_AFTER_SECONDS, cause);
    this.#context.upstream = this.#upstream;
    this.#refuse(refusal, reason, cause);
  }

  get #ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Copies an answer's head, and says whether that could be done. */
  #copy(copy: typeof copyHead, head: ResponseHead, target: Target): boolean {
    const { res, service } = this;
    this.#upstream.target = target.origin;
    this.#upstream.timeToFirstByteMs = this.#ageMs;
    try {
      copy(head, res, this.#context.ownsCors, responseRewrite(service, target, this.req));
      this.#cost?.onHead(head.statusCode, head.rawHeaders, res);
      changeResponse(res, service.headers.response);
      return true;
    } catch (error) {
      this.#refuse(new BadGatewayError(service.name, error), 'invalid', error as Error, target);
      return false;
    }
  }

  #isWorthKeeping(length: number | undefined): boolean {
    const { retries, pool } = this.service;
    if (!retries || retries.attempts === 0 || !pool.hasSeveral || length === undefined) return false;
    return length <= retries.maxBodyBytes && isIdempotent(this.req);
  }

  /** Reads a short body before it is sent, so that it can be sent again. */
  #keepBody(): void {
    this.#body.keep().then(
      () => {
        this.replayable = true;
        if (!this.#over) this.#tries.next();
      },
      () => undefined, // The client has left.
    );
  }

  #isTooLong(length: number): boolean {
    const { maxBodyBytes } = this.service;
    if (maxBodyBytes === undefined || length <= maxBodyBytes || this.#over) return false;
    const cause = new Error(`The body is longer than ${maxBodyBytes} bytes`);
    if (this.#answer) this.#cut(undefined, cause);
    else this.#refuse(new PayloadTooLargeError(maxBodyBytes), undefined, cause);
    return true;
  }

  /** An answer that has begun can only be cut. */
  #cut(failure: UpstreamFailure | undefined, cause: Error, target?: Target): void {
    this.#answer?.flush(); // Where it waits, its status would else be lost to whoever records it.
    this.#end(failure, cause);
    this.res.destroy(cause); // Without an error, HTTP/2 would end the answer as if it were whole.
    this.#report.failed(this.#request, cause, target);
  }

  #refuse(refusal: GatewayError, failure: UpstreamFailure | undefined, cause: Error, target?: Target): void {
    this.#end(failure, cause);
    this.#body.discard();
    this.#report.failed(this.#request, cause, target, refusal);
  }

  #end(failure: UpstreamFailure | undefined, cause: Error): void {
    this.#over = true;
    if (failure) this.#upstream.failure = failure;
    this.#context.outcome.fail(cause);
    this.#stop();
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#tries.stop();
  }
}
