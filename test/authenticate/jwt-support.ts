import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { ConfigError, type Identity, type Middleware } from 'gatewright';
import jsonwebtoken, { type SignOptions } from 'jsonwebtoken';
import { z } from 'zod';
import { type JwtOptions, jwtSchema } from '../../src/authenticate/jwt-options.js';
import { jwtVerifier } from '../../src/authenticate/jwt-verifier.js';
import type { Verdict } from '../../src/authenticate/verifier.js';
import { contextOf } from '../../src/core/context.js';
import { AuthenticationError, GatewayError, InternalError } from '../../src/core/errors.js';
import { checkOptions } from '../../src/core/options.js';
import { sendError } from '../../src/core/send-error.js';
import { type Answer, cleanup, send, serve } from '../helpers.js';

export type { JwtOptions };

/** A middleware that lets through whoever has a valid token, as `authenticate({ jwt })` does. */
export function jwtGuard(options: JwtOptions): Middleware {
  const { jwt } = checkOptions('authenticate', z.strictObject({ jwt: jwtSchema }), { jwt: options });
  const verify = jwtVerifier(jwt);
  return (req, res, next) => {
    const context = contextOf(req, res);
    const fail = (error: unknown): void =>
      sendError(error instanceof GatewayError ? error : new InternalError(error), res);
    const conclude = (verdict: Verdict | undefined): void => {
      if (!verdict?.identity) {
        fail(
          new AuthenticationError(
            verdict?.message ?? 'Credentials are required',
            verdict?.challenge ?? 'Bearer',
          ),
        );
        return;
      }
      context.identity = verdict.identity;
      for (const name of verdict.headers ?? []) delete req.headers[name];
      next();
    };
    const verdict = verify(req, context);
    if (verdict && 'then' in verdict) verdict.then(conclude, fail);
    else conclude(verdict);
  };
}

/** What is said of options that are refused. */
export function problemsOf(options: unknown): readonly string[] {
  try {
    jwtGuard(options as JwtOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** A server that lets through whoever has a valid token, and tells whom it saw. */
export async function withJwt(options: JwtOptions) {
  const guard = jwtGuard(options);
  const seen: Identity[] = [];
  const { url } = await serve((req, res) =>
    guard(req, res, () => {
      seen.push(req.gateway?.identity as Identity);
      res.end(JSON.stringify({ identity: req.gateway?.identity, headers: req.headers }));
    }),
  );
  return {
    url,
    guard,
    /** The very identities of those who were let through. */
    seen,
    /** A request with these words in `Authorization`. */
    ask: (authorization: string) => send(url, '/', { headers: { Authorization: authorization } }),
    /** A request with this token. */
    present: (token: string) => send(url, '/', { headers: { Authorization: `Bearer ${token}` } }),
  };
}

export const secret = 'only-for-tests-only-for-tests-only-for-tests-only-for-tests-1234';
/** The simplest options there are. */
export const hs256: JwtOptions = { secret, algorithms: ['HS256'] };

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The PEM of a public key. */
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Claims of a token that is valid for an hour, and those given. */
export function claims(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 3600, ...more };
}

/** A genuine token. */
export function tokenWith(
  more?: Record<string, unknown>,
  key: string | KeyObject = secret,
  options: SignOptions = {},
) {
  const given = JSON.parse(JSON.stringify(claims(more)));
  return jsonwebtoken.sign(given, key, { algorithm: 'HS256', noTimestamp: true, ...options });
}

const encoded = (part: unknown): string =>
  Buffer.from(part instanceof Uint8Array || typeof part === 'string' ? part : JSON.stringify(part)).toString(
    'base64url',
  );

/** What makes a signature: the key of the server, unless said otherwise. */
type Signer = (input: string) => string;

export const hmac =
  (key: string | Buffer, hash = 'sha256'): Signer =>
  (input) =>
    createHmac(hash, key).update(input).digest('base64url');

export const asymmetric =
  (key: KeyObject, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): Signer =>
  (input) =>
    signBytes('sha256', Buffer.from(input), { key, dsaEncoding }).toString('base64url');

/** A token of any header and payload, JSON or not, signed. */
export function forged(header: unknown, payload: unknown = claims(), signer: Signer = hmac(secret)): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signer(input)}`;
}

/** Stops the clock at this moment until the test ends; `jest.advanceTimersByTime()` moves it on. */
export function stopClock(now: number | Date = Date.now()): void {
  jest.useFakeTimers({ now, doNotFake: notTheClock });
  cleanup(() => jest.useRealTimers());
}

const notTheClock = [
  'hrtime',
  'nextTick',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const satisfies readonly string[] as unknown as [];

/** What is looked at of an answer that is no more than a status, a body and a challenge. */
export const refusalIn = ({ status, body, headers }: Answer) => ({
  status,
  body,
  challenge: headers['www-authenticate'],
});

/** The refusal of a token (RFC 6750, section 3). */
export const refusal = (message: string) => ({
  status: 401,
  body: JSON.stringify({ error: 'Authentication failed', message }),
  challenge: `Bearer realm="gateway", error="invalid_token", error_description="${message}"`,
});

export const invalid = refusal('Invalid token');

/** Who was let through. */
export function identityIn(answer: Answer): Identity {
  if (answer.status !== 200) throw new Error(`Not let through: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body).identity;
}
