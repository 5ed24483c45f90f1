import { expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { type ProxyRouterOptions, proxyRouter } from 'gatewright/proxy-router';

/** The mistakes that options make, each on a line of its own. */
function problems(options: unknown): readonly string[] {
  try {
    proxyRouter(options as ProxyRouterOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'ERR_GATEWAY_CONFIG' });
    return (error as ConfigError).problems;
  }
  return [];
}

/** The same for one service at `/a`. */
const ofService = (service: unknown) => problems({ services: { '/a': service } });
/** The same for one target of it. */
const ofTarget = (target: unknown) => ofService({ targets: [target] });

test('services are needed', () => {
  expect(problems(undefined)).toEqual(['`services` must be an object, got undefined.']);
  expect(problems({ services: {} })).toEqual(['`services` must have at least one service, got {}.']);
  expect(problems({ services: ['http://a'] })).toEqual(["`services` must be an object, got [ 'http://a' ]."]);
});

test('a service is a URL or an object with targets', () => {
  expect(ofService(8000)).toEqual(['`services["/a"]` must be a string or an object, got 8000.']);
  expect(ofService({})).toEqual(['`services["/a"].targets` must be an array, got undefined.']);
  expect(ofService({ targets: [] })).toEqual([
    '`services["/a"].targets` must have at least 1 entry, got [].',
  ]);
  expect(ofService({ targets: 'http://a' })).toEqual([
    '`services["/a"].targets` must be an array, got \'http://a\'.',
  ]);
});

test.each([
  ['no URL', 'localhost 8000', 'must be a URL such as "http://localhost:16000"', "'localhost 8000'"],
  ['empty', '', 'must be a URL such as "http://localhost:16000"', "''"],
  ['without a scheme', 'localhost:8000', 'must be an http: or https: URL', "'localhost:8000'"],
  ['of another scheme', 'ftp://a', 'must be an http: or https: URL', "'ftp://a'"],
  ['with a query', 'http://a/?b=c', 'must not have a query or a fragment', "'http://a/?b=c'"],
  ['with a fragment', 'http://a/#b', 'must not have a query or a fragment', "'http://a/#b'"],
  [
    'with credentials, which the message does not repeat',
    'http://user:hunter2@a',
    'must not hold a user name or password: URLs get into logs',
    "'http://***@a'",
  ],
])('a target %s is refused, wherever it stands', (_what, url, rule, shown) => {
  expect(ofService(url)).toEqual([`\`services["/a"]\` ${rule}, got ${shown}.`]);
  expect(ofTarget(url)).toEqual([`\`services["/a"].targets[0]\` ${rule}, got ${shown}.`]);
  expect(ofTarget({ url })).toEqual([`\`services["/a"].targets[0].url\` ${rule}, got ${shown}.`]);
});

test.each([
  [0, 'must be greater than 0'],
  [-1, 'must be greater than 0'],
  [1.5, 'must be an integer'],
  [1001, 'must be at most 1000'],
])('a weight of %d is refused', (weight, rule) => {
  const path = '`services["/a"].targets[0].weight`';
  expect(ofTarget({ url: 'http://a', weight })).toEqual([`${path} ${rule}, got ${weight}.`]);
});

test.each(['connectMs', 'firstByteMs', 'idleMs'])('%s has to be a number of milliseconds', (name) => {
  const of = (value: unknown) => ofService({ targets: ['http://a'], timeouts: { [name]: value } });
  const path = `\`services["/a"].timeouts.${name}\``;
  expect(of(0)).toEqual([`${path} must be greater than 0, got 0.`]);
  expect(of(2 ** 31)).toEqual([`${path} must be at most 2147483647, got 2147483648.`]);
  expect(of('5s')).toEqual([`${path} must be a number, got '5s'.`]);
});

test.each([
  ['at the top', { services: { '/a': 'http://a' }, trustProxies: true }, 'trustProxies', 'trustProxy'],
  [
    'of a service',
    { services: { '/a': { targets: ['http://a'], stripPrefx: true } } },
    'services["/a"].stripPrefx',
    'stripPrefix',
  ],
  [
    'of a target',
    { services: { '/a': { targets: [{ url: 'http://a', wieght: 2 }] } } },
    'services["/a"].targets[0].wieght',
    'weight',
  ],
  [
    'of time-outs',
    { services: { '/a': { targets: ['http://a'], timeouts: { connectMS: 2 } } } },
    'services["/a"].timeouts.connectMS',
    'connectMs',
  ],
])('an unknown option %s is refused with a suggestion', (_where, options, path, meant) => {
  expect(problems(options)).toEqual([`\`${path}\`: unknown option. Did you mean \`${meant}\`?`]);
});

test.each([
  'a',
  '',
  '/a/../b',
  '/%2e%2e',
  '/a//b',
  '/a//',
  '//',
  '/a*',
  '/:id',
  '/a?b',
  '/a#b',
  '/a b',
  '/a\\b',
])('a service path is refused that can be read as something else: %j', (path) => {
  const [problem, ...others] = problems({ services: { [path]: 'http://a' } });
  expect(problem).toContain('must be a plain path such as "/api/kgot", got ');
  expect(others).toEqual([]);
});

test('two services of one path are refused', () => {
  expect(problems({ services: { '/a': 'http://a', '/a/': 'http://b' } })).toEqual([
    '`services["/a/"]` is the same path as `services["/a"]`. Leave one out.',
  ]);
});

test('two services of one name are refused, whether it is given or comes from the path', () => {
  expect(problems({ services: { '/x/a': 'http://a', '/y/a': 'http://b' } })).toEqual([
    '`services["/y/a"]` has the same name as `services["/x/a"]`, "a". Give one of them another `name`.',
  ]);
  expect(problems({ services: { '/a': 'http://a', '/b': { name: 'a', targets: ['http://b'] } } })).toEqual([
    '`services["/b"]` has the same name as `services["/a"]`, "a". Give one of them another `name`.',
  ]);
});

test('a name that metrics and answers could not carry is refused', () => {
  const rule = 'must be 1 to 64 letters, digits, dots, dashes or underscores';
  expect(ofService({ name: 'a b', targets: ['http://a'] })).toEqual([
    `\`services["/a"].name\` ${rule}, got 'a b'.`,
  ]);
});

test('every mistake is named at once', () => {
  const found = problems({ services: { '/a': 'ftp://a', '/b': {} }, trustProxy: -1, onError: 'log' });
  expect(found.map((problem) => problem.split(' ')[0]).sort()).toEqual([
    '`onError`',
    '`services["/a"]`',
    '`services["/b"].targets`',
    '`trustProxy`',
  ]);
});

test('options are read, not written, and not read again', () => {
  const options = { services: { '/a': { targets: ['http://a'], timeouts: {} } } };
  const before = structuredClone(options);
  const router = proxyRouter(options);
  expect(options).toEqual(before);
  options.services = { '/a': { targets: [], timeouts: {} } };
  expect([...router.services]).toEqual([['a', '/a']]);
});
