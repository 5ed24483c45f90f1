import type { IncomingMessage, ServerResponse } from 'node:http';

type Push = IncomingMessage['push'];
type Write = ServerResponse['write'];
type End = ServerResponse['end'];

/** Statuses whose responses have no body (RFC 9110, section 6.4.1). */
const bodiless = new Set([204, 205, 304]);

/** Where a request and its response have their meter. */
const METER = Symbol('meter');

interface Metered {
  [METER]?: BodyMeter;
}

/**
 * Counts the bytes of a request's body that were received, and of its response's that were handed on. What takes the
 * place of their methods is the same for all of them: a closure for each request would cost more than it does.
 */
export class BodyMeter {
  received = 0;
  sent = 0;
  readonly push: Push;
  readonly write: Write;
  readonly end: End;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;

  /** The meter of a response, made by whoever asks first. */
  static of(req: IncomingMessage & Metered, res: ServerResponse & Metered): BodyMeter {
    return res[METER] ?? new BodyMeter(req, res);
  }

  private constructor(req: IncomingMessage & Metered, res: ServerResponse & Metered) {
    this.#req = req;
    this.#res = res;
    this.push = req.push;
    this.write = res.write;
    this.end = res.end;
    if (mayHaveBody(req)) {
      req[METER] = this;
      req.push = meteredPush;
    }
    res[METER] = this;
    res.write = meteredWrite as Write;
    res.end = meteredEnd as End;
  }

  /** Bytes received, as far as they were read from the connection; transfer codings are off. */
  get bytesIn(): number {
    return this.received;
  }

  /** Bytes sent, or waiting to be; without transfer codings. */
  get bytesOut(): number {
    return this.#req.method === 'HEAD' || bodiless.has(this.#res.statusCode) ? 0 : this.sent;
  }
}

/** Whatever reads a body, Node pushes it into the request piece by piece. */
function meteredPush(this: IncomingMessage & Metered, ...args: Parameters<Push>): boolean {
  const meter = this[METER] as BodyMeter;
  const [chunk] = args;
  if (chunk !== null) meter.received += (chunk as Buffer).length;
  return meter.push.apply(this, args);
}

function meteredWrite(this: ServerResponse & Metered, ...args: Parameters<Write>): boolean {
  const meter = this[METER] as BodyMeter;
  meter.sent += sizeOf(args[0], args[1]);
  return meter.write.apply(this, args);
}

function meteredEnd(this: ServerResponse & Metered, ...args: Parameters<End>): ServerResponse {
  const meter = this[METER] as BodyMeter;
  const before = meter.sent;
  const ended = this.writableEnded;
  meter.end.apply(this, args);
  // HTTP/2 writes the last piece by `write()`, where it has been counted.
  if (!ended && meter.sent === before) meter.sent += sizeOf(args[0], args[1]);
  return this;
}

function mayHaveBody({ headers, httpVersionMajor }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return length === undefined ? coding !== undefined || httpVersionMajor > 1 : length !== '0';
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') {
    return Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
