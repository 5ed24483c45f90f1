import { describe, expect, test } from '@jest/globals';
import { ConfigError, createGateway, type GatewayOptions } from 'gatewright';

const services = { '/api/kgot': 'http://localhost:16000' };

function problemsOf(options: unknown): readonly string[] {
  try {
    createGateway(options as GatewayOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('createGateway', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, '`services` must be an object, got undefined.'],
    ['no service', { services: {} }, '`services` must have at least one service, got {}.'],
    [
      'an unknown option',
      { services, rateLimits: {} },
      '`rateLimits`: unknown option. Did you mean `rateLimit`?',
    ],
    [
      'an unknown option of a section',
      { services, rateLimit: { tiers: { free: { requestPerMinute: 1 } } } },
      '`rateLimit.tiers.free.requestPerMinute`: unknown option. Did you mean `requestsPerMinute`?',
    ],
    [
      'a number out of range',
      { services, rateLimit: { tiers: { free: { requestsPerMinute: -1 } } } },
      '`rateLimit.tiers.free.requestsPerMinute` must be greater than 0, got -1.',
    ],
    [
      'a wrong type',
      { services, circuitBreaker: { windowMs: '10s' } },
      "`circuitBreaker.windowMs` must be a number, got '10s'.",
    ],
    [
      'no target',
      { services: { '/api/kgot': { targets: [] } } },
      '`services["/api/kgot"].targets` must have at least 1 entry, got [].',
    ],
    [
      'an unparsable target',
      { services: { '/api/kgot': 'localhost:16000' } },
      '`services["/api/kgot"]` must be an http: or https: URL, got \'localhost:16000\'.',
    ],
    [
      'an unparsable target in the long form',
      { services: { '/api/kgot': { targets: ['nowhere'] } } },
      '`services["/api/kgot"].targets[0]` must be a URL such as "http://localhost:16000", got \'nowhere\'.',
    ],
    [
      'a path twice',
      { services: { '/a': 'http://localhost:1', '/a/': 'http://localhost:2' } },
      '`services["/a/"]` is the same path as `services["/a"]`. Leave one out.',
    ],
    [
      'a path that is an endpoint too',
      { services: { '/health': 'http://localhost:1' } },
      '`services["/health"]` is the path of the endpoint `endpoints.health` too. Set that to another path, or to false.',
    ],
    [
      'two endpoints of one path',
      { services, endpoints: { tickets: '/auth', apiKeys: '/auth' } },
      '`endpoints.apiKeys` is the path of the endpoint `endpoints.tickets` too. Set that to another path, or to false.',
    ],
    [
      'a path of keys with a slash at its end',
      { services, endpoints: { apiKeys: '/keys/' } },
      '`endpoints.apiKeys` must be a path without a slash at its end, such as "/keys", got \'/keys/\'.',
    ],
    [
      'the root as the path of keys',
      { services, endpoints: { info: false, apiKeys: '/' } },
      '`endpoints.apiKeys` must be a path without a slash at its end, such as "/keys", got \'/\'.',
    ],
    [
      'a relative path',
      { services: { 'api/kgot': 'http://localhost:1' } },
      '`services["api/kgot"]` must be a plain path such as "/api/kgot", got \'api/kgot\'.',
    ],
    [
      'an administrator key that is too short, which is not shown',
      { services, authenticate: { adminKey: 'hunter2' } },
      '`authenticate.adminKey` must have at least 32 characters, got a string of 7 characters.',
    ],
    [
      'credentials for every origin',
      { services, cors: { origins: ['*'], credentials: true } },
      '`cors.credentials` must not be true for the origin "*": name the origins, got true.',
    ],
  ])('refuses %s', (_name, options, problem) => {
    expect(problemsOf(options)).toContain(problem);
  });

  test('names every mistake at once', () => {
    const problems = problemsOf({ services, analytics: 1, rateLimit: { leaseMs: 0 }, logger: {} });
    expect(problems).toHaveLength(3);
  });

  test('does not change its options', () => {
    const options = Object.freeze({ services: Object.freeze({ ...services }), rateLimit: Object.freeze({}) });
    expect(problemsOf(options)).toEqual([]);
  });
});
