import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { checkOptions } from '../core/options.js';
import { sendAttempt } from './send-attempt.js';
import type { Target } from './target.js';
import type { Attempt, Flow, RunningAttempt, Transport } from './transport.js';
import type { UndiciConnection } from './undici-connection.js';
import { UndiciConnections } from './undici-connections.js';
import { type UndiciTransportOptions, undiciTransportSchema } from './undici-options.js';
import { UploadStream } from './upload-stream.js';

export type { UndiciTransportOptions } from './undici-options.js';

/**
 * A transport over undici, which costs less CPU than the default. Trailers of requests, which HTTP lets a proxy
 * drop, end here; so does the message of a status where it is not ASCII. A `100 (Continue)` that nobody has asked for
 * is a failure. The connection of a HEAD is not used again.
 *
 * @throws ConfigError for wrong options
 */
export function undiciTransport(options: UndiciTransportOptions = {}): Transport {
  const config = checkOptions('undiciTransport', undiciTransportSchema, options);
  const byAddress = new Map<string, UndiciConnections>();
  const addresses = new WeakMap<Target, string>();
  let kept = config;

  function addressOf(target: Target): string {
    let address = addresses.get(target);
    if (address === undefined) {
      const { origin, socketPath, tls } = target;
      address = JSON.stringify([origin, socketPath, tls]);
      addresses.set(target, address);
    }
    return address;
  }

  function connectionsTo(target: Target): UndiciConnections {
    const address = addressOf(target);
    let connections = byAddress.get(address);
    if (connections === undefined) {
      connections = new UndiciConnections(target, kept);
      byAddress.set(address, connections);
    }
    return connections;
  }

  return {
    forward(attempt) {
      const running = new UndiciAttempt(attempt, connectionsTo(attempt.target).take());
      running.start();
      return running;
    },
    forget(target) {
      const address = addressOf(target);
      byAddress.get(address)?.close();
      byAddress.delete(address);
    },
    close() {
      kept = { ...config, maxIdle: 0 };
      for (const connections of byAddress.values()) connections.close();
    },
  };
}

/** Fields that undici refuses or writes itself. */
const unsendable = ['transfer-encoding', 'keep-alive', 'upgrade', 'expect'];

/** An attempt that runs. */
class UndiciAttempt implements RunningAttempt, Flow, Dispatcher.DispatchHandler {
  readonly #attempt: Attempt;
  readonly #connection: UndiciConnection;
  /** Undefined until the request is sent. */
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;

  constructor(attempt: Attempt, connection: UndiciConnection) {
    this.#attempt = attempt;
    this.#connection = connection;
  }

  start(): void {
    sendAttempt(this.#attempt, () => {
      if (!this.#over) this.#send();
    });
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(new Error('The answer is not wanted any more'));
    this.#connection.destroy(); // Else it connects anew for the request that was aborted.
  }

  pause(): void {
    this.#controller?.pause();
  }

  /** Not at once: undici's parsers can't run inside of each other. */
  resume(): void {
    queueMicrotask(() => this.#controller?.resume());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#attempt.reusedConnection = this.#connection.startRequest();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    _headers: unknown,
    statusMessage = '',
  ): void {
    const head = { statusCode, statusMessage, rawHeaders: textsOf(controller.rawHeaders) };
    if (statusCode >= 200) this.#attempt.onHead(head, this);
    else if (statusCode === 101) controller.abort(new Error('The upstream switched protocols unasked'));
    else if (statusCode < 100)
      controller.abort(new Error(`The upstream answered with the status ${statusCode}`));
    else this.#attempt.onInformation(head);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#attempt.onData(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#over = true;
    this.#attempt.onEnd(textsOf(controller.rawTrailers));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#connection.destroy();
    if (this.#over) return;
    this.#over = true;
    this.#attempt.onFailure(named(error));
  }

  #send(): void {
    const { method, path, headers, timeouts, target } = this.#attempt;
    for (const name of unsendable) if (headers[name] !== undefined) delete headers[name];
    const request = {
      method,
      path,
      headers: headers as Record<string, string>,
      body: this.#body(),
      // By itself, undici takes `Host` for the name of the server, and connects anew wherever it changes.
      servername: target.hostname,
    };
    this.#connection.dispatch(request, this, timeouts.connectMs);
  }

  #body(): Buffer | Readable | null {
    const { body } = this.#attempt;
    if (body === undefined || Buffer.isBuffer(body)) return body ?? null;
    const whole = wholeOf(body);
    if (whole) {
      this.#attempt.onUpload(whole.length);
      return whole;
    }
    return new UploadStream(body, (bytes) => this.#attempt.onUpload(bytes)) as unknown as Readable;
  }
}

/** A body that has come as a whole, which costs less to send than one that flows. */
function wholeOf(body: IncomingMessage): Buffer | undefined {
  const { complete, readableFlowing, readableLength, headers } = body;
  if (!complete || readableFlowing !== null || readableLength === 0) return undefined;
  return readableLength === Number(headers['content-length']) ? body.read() : undefined;
}

/** Names and values in turn as text: each byte a character, as Node has them. */
function textsOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((bytes) => bytes.toString('latin1'));
}

/** Gives what Node has a code for the same code. */
function named(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'UND_ERR_HEADERS_OVERFLOW') return error;
  return Object.assign(new Error(error.message, { cause: error }), { code: 'HPE_HEADER_OVERFLOW' });
}
