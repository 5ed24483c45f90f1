import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createProxyMiddleware, type Options, type Plugin } from 'http-proxy-middleware';
import { closeOnUnsolicitedData } from './idle-sockets.js';
import { sendAttempt } from './send-attempt.js';
import { type Attempt, type RunningAttempt, type Transport, UpstreamTimeout } from './transport.js';
import { upstreamTrailers } from './upstream-headers.js';

/** Idle connections that are kept to each host and port. */
const MAX_IDLE = 256;

/**
 * The default transport: http-proxy-middleware 4, with httpxy underneath. It is lent a stand-in of each request and
 * response, because it would else write into the one and destroy the other, and an attempt is not the whole request:
 * another one may follow. Its own error plugin is left out: it answers, and then calls `next`.
 */
export function httpProxyTransport(): Transport {
  const agents: Agents = {
    'http:': closeOnUnsolicitedData(new HttpAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE })),
    'https:': closeOnUnsolicitedData(new HttpsAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE })),
  };
  const proxy = createProxyMiddleware({
    pathFilter: () => true,
    router: (req, _res, options) => address(runningOf(req), options, agents),
    ejectPlugins: true,
    plugins: [hooks],
    selfHandleResponse: true,
    ignorePath: true,
    prependPath: true, // The default. httpxy would else add it to the options of each request, which takes V8 a new shape.
  });
  return {
    forward(attempt) {
      const running = new Running(attempt);
      void proxy(running as unknown as IncomingMessage, response, (error) => running.failed(error as Error));
      return running;
    },
    forget({ protocol, hostname, port }) {
      closeIdle(agents[protocol], `${hostname}:${port}:`);
    },
    close() {
      for (const agent of Object.values(agents)) {
        agent.maxFreeSockets = 0; // Others are closed as soon as they are idle. `destroy()` would cut running requests.
        closeIdle(agent, '');
      }
    },
  };
}

type Agents = Readonly<Record<'http:' | 'https:', HttpAgent>>;

/** The stand-in of every response: one that is over, so that nothing is done to it. */
const response = Object.freeze({
  finished: true,
  headersSent: true,
  writableFinished: true,
  on: () => undefined,
}) as unknown as ServerResponse;

/** An attempt that runs, and the stand-in of its request. */
class Running implements RunningAttempt {
  readonly method: string;
  /** Empty, as http-proxy-middleware would else parse it to filter by path. */
  readonly url = '';
  readonly headers: IncomingMessage['headers'];
  readonly httpVersionMajor = 1;
  readonly socket = { writable: true };
  readonly attempt: Attempt;
  readonly #isSized: boolean;
  #proxyReq: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #cancelled = false;

  constructor(attempt: Attempt) {
    this.attempt = attempt;
    this.method = attempt.method;
    this.headers = attempt.headers as IncomingMessage['headers'];
    this.#isSized = this.headers['content-length'] !== undefined;
  }

  /** httpxy gives some requests without a body a length of 0 that they did not have. */
  starting(): void {
    if (!this.#isSized) delete this.headers['content-length'];
  }

  on(): this {
    return this; // The client's request is watched by others.
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#answer?.complete !== true) this.#proxyReq?.destroy();
  }

  /** The request has a connection, and is about to be sent. */
  sending(proxyReq: ClientRequest): void {
    this.#proxyReq = proxyReq;
    if (this.#cancelled) {
      proxyReq.destroy();
      return;
    }
    const { attempt } = this;
    attempt.reusedConnection = proxyReq.reusedSocket;
    guardConnect(proxyReq, attempt);
    proxyReq.on('information', (head) => attempt.onInformation(head));
    refuseUpgrade(proxyReq, attempt);
  }

  /** What breaks behind a whole answer, such as the rest of an upload that nobody reads, does not hurt it. */
  failed(error: Error): void {
    if (this.#answer?.complete !== true) this.attempt.onFailure(error);
  }

  #ended(answer: IncomingMessage): void {
    this.#drain();
    this.attempt.onEnd(answer.rawTrailers);
  }

  /** What is left of an upload that has its answer is read by nobody, but taken: its client may read no answer before. */
  #drain(): void {
    const { body } = this.attempt;
    if (!(body instanceof Readable) || this.#proxyReq === undefined || this.#proxyReq.writableFinished)
      return;
    body.unpipe(this.#proxyReq);
    body.resume();
  }

  /** Every answer closes, and an error that nobody needs would trace its stack for each. */
  #closed(answer: IncomingMessage): void {
    this.#drain();
    if (!answer.complete) this.failed(new Error('The upstream cut its answer short'));
  }

  answered(answer: IncomingMessage): void {
    const { attempt } = this;
    this.#answer = answer;
    answer.on('data', (chunk: Buffer) => attempt.onData(chunk));
    answer.on('end', () => this.#ended(answer));
    answer.on('close', () => this.#closed(answer));
    answer.on('error', (error) => this.failed(error));
    const { statusCode = 0, statusMessage = '', rawHeaders } = answer;
    attempt.onHead({ statusCode, statusMessage, rawHeaders }, answer);
  }
}

function runningOf(req: IncomingMessage): Running {
  return req as unknown as Running;
}

/** The options of one attempt: http-proxy-middleware gives this hook a copy of its own. */
function address({ attempt }: Running, options: Options, agents: Agents) {
  const { target, path } = attempt;
  const { protocol, hostname, port, socketPath, tls, serverName } = target;
  options.agent = agents[protocol];
  options.buffer = bodyOf(attempt) as unknown as NonNullable<Options['buffer']>;
  // By itself, Node asks for the name in `Host`, which may be the client's.
  options.ssl = { ...tls, servername: serverName };
  if (protocol === 'https:') options.secure = tls?.rejectUnauthorized ?? true;
  return { protocol, hostname, port, pathname: path, ...(socketPath && { socketPath }) };
}

/** What httpxy pipes into its request. */
function bodyOf(attempt: Attempt): { pipe(to: ClientRequest): void } {
  return { pipe: (to) => sendAttempt(attempt, () => sendBody(attempt, to)) };
}

function sendBody(attempt: Attempt, to: ClientRequest): void {
  const { body } = attempt;
  if (to.destroyed) return;
  if (body instanceof Readable) {
    watchUpload(body, to, attempt);
    body.pipe(to);
  } else to.end(body);
}

/** Counts what flows, and sends the trailers behind it. */
function watchUpload(body: IncomingMessage, proxyReq: ClientRequest, attempt: Attempt): void {
  body.on('data', (chunk: Buffer) => attempt.onUpload(chunk.length));
  body.once('end', () => {
    const trailers = upstreamTrailers(body.rawTrailers);
    if (trailers.length > 0) proxyReq.addTrailers(trailers);
  });
}

const hooks: Plugin = (proxy) => {
  proxy.on('start', (req: IncomingMessage) => runningOf(req).starting());
  proxy.on('proxyReq', (proxyReq: ClientRequest, req: IncomingMessage) => runningOf(req).sending(proxyReq));
  proxy.on('proxyRes', (answer: IncomingMessage, req: IncomingMessage) => runningOf(req).answered(answer));
  proxy.on('error', (error, req) => {
    if (req) runningOf(req).failed(error);
  });
};

/** Cuts a request whose connection takes too long. */
function guardConnect(proxyReq: ClientRequest, { timeouts }: Attempt): void {
  const socket = proxyReq.socket as Socket;
  if (!socket.connecting) return;
  const { connectMs } = timeouts;
  const late = (): void => void proxyReq.destroy(new UpstreamTimeout('connect', connectMs));
  const timer = setTimeout(late, connectMs).unref();
  const stop = (): void => clearTimeout(timer);
  socket.once('connect', stop);
  proxyReq.once('close', stop);
}

/** A 101 (Switching Protocols), which nobody has asked for, is no `response`: nothing else would tell of it. */
function refuseUpgrade(proxyReq: ClientRequest, attempt: Attempt): void {
  proxyReq.on('upgrade', (_answer, socket) => {
    socket.destroy();
    attempt.onFailure(new Error('The upstream switched protocols unasked'));
  });
}

/** Closes the idle connections whose name begins so: Node names them by host and port. */
function closeIdle(agent: HttpAgent, name: string): void {
  for (const [key, sockets] of Object.entries(agent.freeSockets)) {
    if (key.startsWith(name)) for (const socket of sockets ?? []) socket.destroy();
  }
}
