import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import type { Middleware, TrustProxy } from 'gatewright';
import {
  authenticate,
  MemoryNonceStore,
  RedisNonceStore,
  type RequestToSign,
  type SignatureOptions,
  signRequest,
} from 'gatewright/authenticate';
import { type Answer, cleanup, send, serve } from '../helpers.js';

export { MemoryNonceStore, RedisNonceStore, type RequestToSign, type SignatureOptions, signRequest };

/** A middleware that lets signed requests through, and no others. */
export function withSignatures(hmac: SignatureOptions, trustProxy?: TrustProxy): Middleware {
  // Addresses are not locked out, since all tests have one.
  return authenticate({ hmac, trustProxy, apiKeys: false, lockout: false });
}

/** What the tests share with the gateway. */
export const secret = 'kept by the tests, and 32 bytes or more';

export const keys = {
  alice: { secret, tier: 'premium', permissions: ['kgot:query'], metadata: { team: 'red' } },
  bob: { secret: Buffer.alloc(32, 7) },
} as const;

/** Answers with who has sent the request, and its body as a handler reads it. */
export const tell: RequestListener = async (req, res) => {
  const { identity } = req.gateway ?? {};
  res.end(JSON.stringify({ identity, headers: req.headers, body: await text(req) }));
};

/** A bare server that lets signed requests through. */
export async function guarded(
  options: Partial<SignatureOptions> = {},
  last: RequestListener = tell,
  trustProxy?: TrustProxy,
) {
  const guard = withSignatures({ keys, ...options }, trustProxy);
  return serve((req, res) => guard(req, res, () => last(req, res)));
}

/** A signed request, to be sent as it is or after somebody has had their hands on it. */
export interface Signed {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}

/** Signs as alice unless told otherwise. */
export function signed(url: string, path = '/', request: Partial<RequestToSign> = {}): Signed {
  const { body, headers = {} } = request;
  const { method = body === undefined ? 'GET' : 'POST' } = request;
  const all = { url: url + path, keyId: 'alice', secret, ...request, method };
  return {
    method,
    path,
    headers: { ...(headers as Record<string, string>), ...signRequest(all) },
    ...(body !== undefined && { body: Buffer.from(body as string) }),
  };
}

/** Sends a signed request, as one whose hands were on it has left it. */
export function deliver(url: string, sent: Signed): Promise<Answer> {
  return send(url, sent.path, sent);
}

/** Sends a body in these pieces, without a length. */
export async function inPieces(url: string, headers: Record<string, string>, pieces: (string | Buffer)[]) {
  const req = request(url, {
    method: 'POST',
    headers: { ...headers, 'Transfer-Encoding': 'chunked' },
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    req.once('response', resolve).once('error', reject),
  );
  req.flushHeaders();
  for (const piece of pieces) {
    await new Promise((resolve) => setImmediate(resolve));
    req.write(piece);
  }
  req.end();
  const res = await answered;
  return { status: res.statusCode, body: await text(res) };
}

/** The one value of a field, changed. */
export function edited(sent: Signed, name: string, edit: (value: string) => string): Signed {
  return { ...sent, headers: { ...sent.headers, [name]: edit(sent.headers[name] ?? '') } };
}

/** Status and message of a refusal. */
export function refusalOf({ status, body }: Answer): [number, string] {
  return [status, JSON.parse(body).message];
}

/** Sets the clock that signatures are judged by, and leaves all timers alone. */
export function setClock(seconds: number): void {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(seconds * 1000);
  cleanup(() => clock.mockRestore());
}

/** What a request has that something before has read. */
export type ReadRequest = IncomingMessage & { body?: unknown; rawBody?: Buffer };
