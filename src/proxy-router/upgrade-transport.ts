import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { addressOf } from './health-check.js';
import { type Attempt, type RunningAttempt, type Transport, UpstreamTimeout } from './transport.js';
import { isAcceptOf } from './websocket-accept.js';

/**
 * Asks upstreams for a WebSocket, on a connection of its own that no agent keeps.
 *
 * http-proxy-middleware's `upgrade` is not used: it writes the answer to the client's socket itself, and tells nobody
 * of the 101, of an answer that is none, or of the end, by which balancing, breakers and limits go.
 */
export const upgradeTransport: Transport = {
  forward(attempt) {
    return new RunningUpgrade(attempt);
  },
  close() {},
};

class RunningUpgrade implements RunningAttempt {
  readonly #attempt: Attempt;
  readonly #req: ClientRequest;
  #socket: Socket | undefined;

  constructor(attempt: Attempt) {
    const { target, method, path, headers } = attempt;
    const ask = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const address = { ...addressOf(target), servername: target.serverName, allowHalfOpen: true };
    this.#attempt = attempt;
    this.#req = ask({ ...address, method, path, headers, agent: false });
    this.#req.on('error', (error) => attempt.onFailure(error));
    this.#req.once('socket', (socket) => this.#guardConnect(socket));
    this.#req.once('response', (answer) => this.#answered(answer));
    this.#req.once('upgrade', (answer, socket, first) => this.#switched(answer, socket as Socket, first));
    this.#req.end();
  }

  cancel(): void {
    this.#socket?.destroy();
    this.#req.destroy();
  }

  /** Cuts a request whose connection takes too long. */
  #guardConnect(socket: Socket): void {
    const { connectMs } = this.#attempt.timeouts;
    const late = (): void => void this.#req.destroy(new UpstreamTimeout('connect', connectMs));
    const timer = setTimeout(late, connectMs).unref();
    const stop = (): void => clearTimeout(timer);
    socket.once(this.#attempt.target.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
    this.#req.once('close', stop);
  }

  /** The upstream has switched protocols: to the one that was asked for, or to one that nobody understands. */
  #switched(answer: IncomingMessage, socket: Socket, first: Buffer): void {
    this.#socket = socket;
    socket.on('error', () => undefined);
    const { upgrade, 'sec-websocket-accept': accept } = answer.headers;
    if (upgrade?.toLowerCase() !== 'websocket')
      this.#refuse(socket, 'The upstream switched to a protocol that nobody asked for');
    else if (!isAcceptOf(this.#attempt.headers['sec-websocket-key'], accept))
      this.#refuse(socket, 'The upstream opened a WebSocket that nobody asked for');
    else this.#attempt.onUpgrade(headOf(answer), socket, first);
  }

  #refuse(socket: Socket, why: string): void {
    socket.destroy();
    this.#attempt.onFailure(new Error(why));
  }

  /** It has not: its answer is an ordinary one. */
  #answered(answer: IncomingMessage): void {
    const attempt = this.#attempt;
    answer.on('data', (chunk: Buffer) => attempt.onData(chunk));
    answer.once('end', () => attempt.onEnd(answer.rawTrailers));
    answer.once('close', () => attempt.onFailure(new Error('The upstream cut its answer short')));
    answer.on('error', (error) => attempt.onFailure(error));
    attempt.onHead(headOf(answer), { pause: () => answer.pause(), resume: () => answer.resume() });
  }
}

function headOf({ statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage) {
  return { statusCode, statusMessage, rawHeaders };
}
