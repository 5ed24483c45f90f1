import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { BadRequestError, InternalError, PayloadTooLargeError } from '../core/errors.js';
import { asReceived } from '../core/received-body.js';

/** A request whose body has been read: `rawBody` has its bytes. */
type ReadRequest = IncomingMessage & { rawBody?: unknown };

/** Whether a body follows, be it an empty one. */
export function hasBody(req: IncomingMessage): boolean {
  const { headers } = req;
  if (headers['transfer-encoding'] !== undefined) return true;
  if (headers['content-length'] !== undefined) return headers['content-length'] !== '0';
  return req.httpVersionMajor >= 2 && !(req as unknown as Http2ServerRequest).stream.endAfterHeaders;
}

/**
 * The body as it came; empty where there is none. It is left in `req.rawBody` and put back, so that whoever reads the
 * request reads it again. Where something has read it before, it is what that has left in `req.rawBody`.
 *
 * @throws PayloadTooLargeError, BadRequestError where it was cut short, InternalError where it is lost
 */
export async function readBody(req: ReadRequest, maxBytes: number): Promise<Buffer> {
  if (!hasBody(req)) return Buffer.alloc(0);
  if (req.readableDidRead || req.readableEncoding) {
    if (Buffer.isBuffer(req.rawBody)) return req.rawBody;
    throw new InternalError(
      new Error(
        'The body was read or decoded before its digest was checked, and is not in req.rawBody. Authenticate first.',
      ),
    );
  }
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw new PayloadTooLargeError(maxBytes);
  const body = asReceived(await collect(req, maxBytes));
  req.rawBody = body;
  return body;
}

function collect(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const declared = Number(req.headers['content-length'] ?? Number.NaN);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;

    const isWhole = (): boolean =>
      req.readableLength === 0 && (length === declared || (req.httpVersionMajor < 2 && req.complete));
    const settle = (then: () => void): void => {
      req.off('readable', onReadable).off('end', onEnd).off('error', onCut).off('close', onCut);
      then();
    };
    const onReadable = (): void => {
      while (!isWhole()) {
        const chunk: Buffer | null = req.read();
        if (chunk === null) return;
        length += chunk.length;
        if (length > maxBytes) {
          settle(() => reject(new PayloadTooLargeError(maxBytes)));
          req.resume(); // A client that reads no answer before all is taken would wait for ever.
          return;
        }
        chunks.push(chunk);
      }
      onEnd();
    };
    const onEnd = (): void =>
      settle(() => {
        const body = Buffer.concat(chunks, length);
        // Before `end` is told, which is as soon as this returns.
        if (length > 0 && !req.readableEnded) req.unshift(body);
        resolve(body);
      });
    const onCut = (): void => settle(() => reject(new BadRequestError('The body was cut short')));

    if (req.destroyed) onCut();
    // To listen would end it before anybody else can.
    else if (isWhole()) onEnd();
    else req.on('readable', onReadable).on('end', onEnd).on('error', onCut).on('close', onCut);
  });
}
