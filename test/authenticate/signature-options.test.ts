import { describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { guarded, keys, type SignatureOptions, secret, withSignatures } from './signature-support.js';

function problemsOf(options: unknown): readonly string[] {
  try {
    withSignatures(options as SignatureOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('options that are wrong are named when the factory is called', () => {
  test.each([
    [{}, /^`\S*hmac\.keys` must be a function or an object, got undefined\.$/],
    [{ keys: { a: {} } }, /hmac\.keys\.a\.secret` must be a string or bytes, at least 32 bytes long/],
    [
      { keys: { a: { secret: 'x'.repeat(31) } } },
      /hmac\.keys\.a\.secret`.* got a string of 31 characters\.$/,
    ],
    [{ keys: { a: { secret: Buffer.alloc(31) } } }, /hmac\.keys\.a\.secret`.* got a value of type object\.$/],
    [{ keys: { a: { secret: 17 } } }, /hmac\.keys\.a\.secret`.* got a value of type number\.$/],
    [
      { keys: { a: { secret, tiers: 'free' } } },
      /hmac\.keys\.a\.tiers`: unknown option\. Did you mean `tier`\?/,
    ],
    [
      { keys: { a: { secret, limits: { requestsPerMinute: 0 } } } },
      /hmac\.keys\.a\.limits\.requestsPerMinute`/,
    ],
    [{ keys: { é: { secret } } }, /must be 1 to 256 printable ASCII characters/],
    [{ keys: { '': { secret } } }, /must be 1 to 256 printable ASCII characters/],
    [{ keys, maxSkewSeconds: 0 }, /hmac\.maxSkewSeconds` must be at least 1, got 0/],
    [{ keys, maxSkewSeconds: 1.5 }, /hmac\.maxSkewSeconds` must be an integer, got 1\.5/],
    [{ keys, maxSkewMs: 1 }, /hmac\.maxSkewMs`: unknown option/],
    [{ keys, requiredComponents: [] }, /hmac\.requiredComponents` must have at least 1 entry/],
    [
      { keys, requiredComponents: ['@status'] },
      /must be a derived component such as "@method", or the name of a header field/,
    ],
    [{ keys, requiredComponents: ['"date"'] }, /must be a derived component/],
    [{ keys, authorities: [] }, /hmac\.authorities` must have at least 1 entry/],
    [{ keys, label: 'Sig' }, /hmac\.label` must be a label such as "sig1", got 'Sig'/],
    [{ keys, nonces: {} }, /hmac\.nonces` must be an object with remember\(\)/],
    [{ keys, maxBodyBytes: -1 }, /hmac\.maxBodyBytes` must be at least 0, got -1/],
  ])('%j', (options, problem) => expect(problemsOf(options)).toEqual([expect.stringMatching(problem)]));

  test('a secret that stands in place of its key is not shown', () => {
    const [problem = '', ...others] = problemsOf({ keys: { alice: secret } });
    expect(others).toEqual([]);
    expect(problem).toMatch(/hmac\.keys\.alice\.secret` must stand in an object/);
    expect(problem).not.toContain(secret.slice(0, 4));
  });
});

test('options are read, and never written', async () => {
  const options = Object.freeze({
    keys: Object.freeze({ alice: Object.freeze({ secret, permissions: Object.freeze(['a:b']) }) }),
    requiredComponents: Object.freeze(['@method']),
  });
  await guarded(options);
  expect(options).toEqual({
    keys: { alice: { secret, permissions: ['a:b'] } },
    requiredComponents: ['@method'],
  });
});

test('`undefined` is left out', () => {
  const named = [
    'maxSkewSeconds',
    'requiredComponents',
    'authorities',
    'label',
    'tag',
    'nonces',
    'maxBodyBytes',
  ];
  expect(problemsOf({ keys, ...Object.fromEntries(named.map((name) => [name, undefined])) })).toEqual([]);
});
