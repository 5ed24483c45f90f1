import { expect, test } from '@jest/globals';
import { authenticate, ConfigError, circuitBreaker, createGateway, proxyRouter, rateLimit } from 'gatewright';

/** What a factory says of options that it refuses. */
function problemsOf(call: () => unknown): readonly string[] {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('The options were accepted');
}

/** Options that TypeScript would not let through, as a YAML file or JavaScript could hold them. */
const loose = (value: unknown): never => value as never;

test.each<[string, () => unknown, string]>([
  [
    'the wrong type',
    () => rateLimit(loose({ tiers: { free: { requestsPerDay: '5' } } })),
    "`rateLimit.tiers.free.requestsPerDay` must be a number, got '5'.",
  ],
  [
    'a fraction where an integer is wanted',
    () => rateLimit({ tiers: { free: { requestsPerHour: 1.5 } } }),
    '`rateLimit.tiers.free.requestsPerHour` must be an integer, got 1.5.',
  ],
  [
    'a number that is too small',
    () => circuitBreaker({ windowMs: 10 }),
    '`circuitBreaker.windowMs` must be at least 100, got 10.',
  ],
  [
    'a number at an excluded bound',
    () => circuitBreaker({ failureRatio: 1 }),
    '`circuitBreaker.failureRatio` must be less than 1, got 1.',
  ],
  [
    'a list that is empty',
    () => proxyRouter({ services: { '/x': { targets: [] } } }),
    '`services["/x"].targets` must have at least 1 entry, got [].',
  ],
  [
    'a value that is not one of those known',
    () => circuitBreaker(loose({ errorFormat: 'xml' })),
    "`circuitBreaker.errorFormat` must be 'json' or 'problem', got 'xml'.",
  ],
  [
    'something that is no function',
    () => authenticate(loose({ onError: 'log' })),
    "`authenticate.onError` must be a function, got 'log'.",
  ],
  [
    'an object without the methods of its port',
    () => authenticate(loose({ apiKeys: { store: { find() {} } } })),
    '`authenticate.apiKeys.store` must be an object with find(), save(), list(), got { find: [Function: find] }.',
  ],
  [
    'options that contradict each other',
    () => circuitBreaker({ halfOpenAfterMs: 10, maxHalfOpenAfterMs: 5 }),
    '`circuitBreaker.maxHalfOpenAfterMs` must not be less than `halfOpenAfterMs`, got 5.',
  ],
  [
    'a section that is no object',
    () => createGateway(loose({ services: { '/x': 'http://localhost' }, authenticate: true })),
    '`authenticate` must be false or an object, got true.',
  ],
  ['what is missing', () => createGateway(loose({})), '`services` must be an object, got undefined.'],
])('names path, rule and value of %s', (_what, call, message) => {
  expect(problemsOf(call)).toEqual([message]);
});

test.each<[string, () => unknown, string]>([
  [
    'a misspelt option',
    () => circuitBreaker(loose({ windowsMs: 1000 })),
    '`circuitBreaker.windowsMs`: unknown option. Did you mean `windowMs`?',
  ],
  [
    'an option in another case',
    () => circuitBreaker(loose({ WINDOWMS: 1000 })),
    '`circuitBreaker.WINDOWMS`: unknown option. Did you mean `windowMs`?',
  ],
  [
    'a misspelt option deep inside',
    () => rateLimit(loose({ tiers: { free: { requestPerMinute: 1 } } })),
    '`rateLimit.tiers.free.requestPerMinute`: unknown option. Did you mean `requestsPerMinute`?',
  ],
  [
    'a misspelt option in one form of several',
    () => proxyRouter(loose({ services: { '/x': { targets: [{ url: 'http://a', wieght: 2 }] } } })),
    '`services["/x"].targets[0].wieght`: unknown option. Did you mean `weight`?',
  ],
  [
    'an option like none that there is',
    () => authenticate(loose({ anonymous: { paths: ['/'], zebra: 1 } })),
    '`authenticate.anonymous.zebra`: unknown option. Known here: `paths`.',
  ],
])('suggests a name for %s', (_what, call, message) => {
  expect(problemsOf(call)).toEqual([message]);
});

test.each<[string, unknown, string]>([
  ['a target of neither form', [5], '`services["/x"].targets[0]` must be a string or an object, got 5.'],
  [
    'a target in the short form',
    ['ftp://a'],
    '`services["/x"].targets[0]` must be an http: or https: URL, got \'ftp://a\'.',
  ],
  [
    'a target in the long form',
    [{ url: 'http://a', weight: 0 }],
    '`services["/x"].targets[0].weight` must be greater than 0, got 0.',
  ],
])('points at the very value: %s', (_what, targets, message) => {
  expect(problemsOf(() => createGateway(loose({ services: { '/x': { targets } } })))).toEqual([message]);
});

test('tells all mistakes at once, one on each line', () => {
  const call = () => rateLimit({ tiers: { free: { requestsPerMinute: -1, costLimitPerHour: 0 } } });
  expect(call).toThrow(ConfigError);
  expect(call).toThrow(
    '`rateLimit.tiers.free.requestsPerMinute` must be greater than 0, got -1.\n' +
      '`rateLimit.tiers.free.costLimitPerHour` must be greater than 0, got 0.',
  );
});

test('has a code of its own', () => {
  expect(() => rateLimit({ burstWindowMs: 0 })).toThrow(
    expect.objectContaining({ code: 'ERR_GATEWAY_CONFIG', name: 'ConfigError' }),
  );
});

test.each<[string, () => unknown]>([
  ['an administrator’s key that is too short', () => authenticate({ adminKey: 'hunter2' })],
  ['an administrator’s key in an object', () => authenticate(loose({ adminKey: { of: 'hunter2' } }))],
  ['a key where its hash belongs', () => authenticate({ apiKeys: { keys: [{ id: 'a', hash: 'hunter2' }] } })],
  ['a password in a target', () => proxyRouter({ services: { '/x': 'http://me:hunter2@localhost' } })],
  [
    'a target with a password, of another scheme',
    () => proxyRouter({ services: { '/x': 'redis://:hunter2@a' } }),
  ],
])('never shows a secret: %s', (_what, call) => {
  const problems = problemsOf(call);
  expect(problems).toHaveLength(1);
  expect(problems[0]).not.toContain('hunter2');
});

test('says how long a secret is instead', () => {
  expect(problemsOf(() => authenticate({ adminKey: 'hunter2' }))).toEqual([
    '`authenticate.adminKey` must have at least 32 characters, got a string of 7 characters.',
  ]);
});

test('shortens a long value', () => {
  const [problem] = problemsOf(() => authenticate(loose({ errorFormat: 'x'.repeat(10_000) })));
  expect(problem?.length).toBeLessThan(200);
});

test('leaves the options as they were, and takes frozen ones', () => {
  const options = Object.freeze({
    services: Object.freeze({ '/x': Object.freeze({ targets: Object.freeze(['http://localhost:1']) }) }),
    authenticate: Object.freeze({ apiKeys: Object.freeze({}), adminKey: undefined }),
    rateLimit: Object.freeze({ tiers: Object.freeze({ free: Object.freeze({}) }) }),
  });
  const before = structuredClone(options);
  createGateway(options);
  expect(options).toEqual(before);
});

test('takes undefined for left out', () => {
  expect(() => circuitBreaker({ windowMs: undefined, key: undefined, errorFormat: undefined })).not.toThrow();
});
