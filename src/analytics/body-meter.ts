import type { IncomingMessage, ServerResponse } from 'node:http';

type Write = ServerResponse['write'];
type End = ServerResponse['end'];

/** Statuses whose responses have no body (RFC 9110, section 6.4.1). */
const bodiless = new Set([204, 205, 304]);

/** Counts the bytes of a request's body that were received, and of its response's that were handed on. */
export class BodyMeter {
  #received = 0;
  #sent = 0;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
    if (mayHaveBody(req)) this.#meterRequest();
    this.#meterResponse();
  }

  /** Bytes received, as far as they were read from the connection; transfer codings are off. */
  get bytesIn(): number {
    return this.#received;
  }

  /** Bytes sent, or waiting to be; without transfer codings. */
  get bytesOut(): number {
    return this.#req.method === 'HEAD' || bodiless.has(this.#res.statusCode) ? 0 : this.#sent;
  }

  /** Whatever reads a body, Node pushes it into the request piece by piece. */
  #meterRequest(): void {
    const req = this.#req;
    const { push } = req;
    req.push = (chunk: Buffer | null, encoding) => {
      if (chunk !== null) this.#received += chunk.length;
      return push.call(req, chunk, encoding);
    };
  }

  #meterResponse(): void {
    const res = this.#res;
    const { write, end } = res;
    res.write = ((...args: Parameters<Write>) => {
      this.#sent += sizeOf(args[0], args[1]);
      return write.apply(res, args);
    }) as Write;
    res.end = ((...args: Parameters<End>) => {
      const before = this.#sent;
      const ended = res.writableEnded;
      end.apply(res, args);
      // HTTP/2 writes the last piece by `write()`, where it has been counted.
      if (!ended && this.#sent === before) this.#sent += sizeOf(args[0], args[1]);
      return res;
    }) as End;
  }
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
