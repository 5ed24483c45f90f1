import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { authenticate, signRequest } from 'gatewright/authenticate';
import { PATIENCE_MS, runs, soup } from './support.js';

/** The verdict of a guard without a server: the identity's id, or the status. */
function verdictOf(
  guard: ReturnType<typeof authenticate>,
  headers: Record<string, string>,
  url = '/',
): Promise<unknown> {
  const req = {
    method: 'GET',
    url,
    headers,
    rawHeaders: Object.entries(headers).flat(),
    socket: {},
  } as unknown as IncomingMessage;
  return new Promise((resolve) => {
    const res = { setHeader() {}, on() {}, once() {}, writeHead: resolve, end() {} };
    guard(req, res as never, () => resolve(req.gateway?.identity?.id));
  });
}

describe('credentials', () => {
  const secret = 'a-secret-of-32-bytes-or-more-for-tests';
  const guard = authenticate({
    lockout: false,
    jwt: { secret, algorithms: ['HS256'], requireExpiry: false },
  });
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (header: unknown, claims: unknown) => {
    const input = `${encode(header)}.${encode(claims)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const bearer = (token: string) => verdictOf(guard, { authorization: `Bearer ${token}`, host: 'a' });

  test(
    'a token with a right signature has the identity that it says',
    async () => {
      const id = fc.stringMatching(/^[\w@.-]{1,40}$/);
      await fc.assert(
        fc.asyncProperty(id, async (sub) => {
          expect(await bearer(signed({ alg: 'HS256' }, { sub }))).toBe(sub);
        }),
        runs(200),
      );
    },
    PATIENCE_MS,
  );

  test(
    'a token with a right signature and odd claims is let in as somebody, or 401',
    async () => {
      const name = fc.constantFrom(
        'sub',
        'exp',
        'nbf',
        'iat',
        'tier',
        'scope',
        'roles',
        'permissions',
        '__proto__',
        'crit',
      );
      const claims = fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.jsonValue({ maxDepth: 2 })));
      const header = fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            alg: fc.oneof(fc.constant('HS256'), fc.jsonValue()),
            typ: fc.jsonValue(),
            crit: fc.jsonValue(),
            b64: fc.boolean(),
          },
          { requiredKeys: ['alg'] },
        ),
      );
      await fc.assert(
        fc.asyncProperty(fc.oneof(header, fc.constant({ alg: 'HS256' })), claims, async (head, body) => {
          const verdict = await bearer(signed(head, body));
          if (verdict !== 401) expect(typeof verdict).toBe('string');
        }),
        runs(500),
      );
    },
    PATIENCE_MS,
  );

  test(
    'a token with one character changed is 401',
    async () => {
      const token = signed({ alg: 'HS256' }, { sub: 'alice' });
      await fc.assert(
        fc.asyncProperty(
          fc.nat(token.length - 2),
          fc.constantFrom('A', 'b', '0', '-', '_', '=', '.'),
          async (at, other) => {
            fc.pre(token[at] !== other);
            expect(await bearer(token.slice(0, at) + other + token.slice(at + 1))).toBe(401);
          },
        ),
        runs(200),
      );
    },
    PATIENCE_MS,
  );

  test(
    'what signRequest() has signed is let in once, whatever the path',
    async () => {
      const hmac = authenticate({ lockout: false, apiKeys: false, hmac: { keys: { alice: { secret } } } });
      const rest = soup("a|/|%20|%2F|?|&|b=|;|+|'|(|,|:|%C3%A9|~|*");
      await fc.assert(
        fc.asyncProperty(rest, async (given) => {
          // As a client sends it, who escapes a few characters.
          const { href, pathname, search } = new URL(`http://a.example/${given}`);
          const url = pathname + search;
          const signature = signRequest({ url: href, keyId: 'alice', secret });
          const lower = Object.entries(signature).map(([name, value]) => [name.toLowerCase(), value]);
          const headers = { ...Object.fromEntries(lower), host: 'a.example' };
          expect(await verdictOf(hmac, headers, url)).toBe('alice');
          expect(await verdictOf(hmac, headers, url)).toBe(401);
        }),
        runs(200),
      );
    },
    PATIENCE_MS,
  );
});
