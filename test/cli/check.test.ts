import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { expired, key, valid } from '../server/certificates.js';
import { command, folder, mistakes } from './support.js';

const services = 'services: { /api/kgot: "http://localhost:16000" }\n';
const summary = (count: number) =>
  `gatewright: The configuration has ${count === 1 ? 'a mistake' : `${count} mistakes`}.`;

test('says of a right file that it is', async () => {
  const { code, stdout } = await command(['check'], { files: { 'gateway-config.yaml': services } });
  expect([code, stdout]).toEqual([0, 'gateway-config.yaml is right: 1 service.\n']);
});

test('names every mistake at once, with line and column, path, rule, value and remedy', async () => {
  const yaml = `port: 99999
servicse: {}
services:
  /api/kgot:
    targets:
      - not a url
    loadBalancing: random
rateLimit:
  tiers:
    free: { requestsPerMinute: -1 }
logging: { level: loud }
`;
  expect(await mistakes(yaml)).toEqual([
    'gateway-config.yaml:1:7: `port` must be at most 65535, got 99999.',
    'gateway-config.yaml:2:1: `servicse`: unknown option. Did you mean `services`?',
    'gateway-config.yaml:6:9: `services["/api/kgot"].targets[0]` must be a URL such as "http://localhost:16000", got \'not a url\'.',
    "gateway-config.yaml:7:20: `services[\"/api/kgot\"].loadBalancing` must be 'round-robin' or 'least-connections' or 'adaptive' or 'consistent-hash', got 'random'.",
    'gateway-config.yaml:10:32: `rateLimit.tiers.free.requestsPerMinute` must be greater than 0, got -1.',
    "gateway-config.yaml:11:19: `logging.level` must be 'error' or 'warn' or 'info' or 'debug', got 'loud'.",
    summary(6),
  ]);
});

test('writes mistakes as JSON for programs', async () => {
  const { code, stderr } = await command(['check', '--json'], {
    files: { 'gateway-config.yaml': 'port: x\n' },
  });
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({
    error: 'The configuration has 2 mistakes.',
    exit_code: 2,
    problems: [
      { source: 'gateway-config.yaml', line: 1, column: 1, message: expect.stringContaining('`services`') },
      { source: 'gateway-config.yaml', line: 1, column: 7, message: expect.stringContaining('`port`') },
    ],
  });
});

describe('finds what a schema cannot', () => {
  test('two services of one name', async () => {
    const [first] = await mistakes(
      'services:\n  /v1/kgot: http://localhost:1\n  /v2/kgot: http://localhost:2\n',
    );
    expect(first).toMatch(/^gateway-config\.yaml:3:13: `services\["\/v2\/kgot"\]` has the same name as/);
  });

  test("a certificate that is over, one that is not the key's, and one that is not there", async () => {
    const tls = (cert: string, own: string) =>
      mistakes(
        `${services}server:\n  tls:\n    cert: ${JSON.stringify(cert)}\n    key: ${JSON.stringify(own)}\n`,
      );
    expect((await tls('/nowhere/cert.pem', key))[0]).toMatch(
      /^gateway-config\.yaml:4:11: `server\.tls\.cert` cannot be read from "\/nowhere\/cert\.pem" \(ENOENT\)/,
    );
    expect((await tls(expired, key))[0]).toMatch(/:4:11: `server\.tls\.cert` is not valid any more/);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const [first = ''] = await tls(valid, other);
    expect(first).toMatch(/:5:10: `server\.tls\.key` is not the key of the certificate/);
  });
});

describe('files that are none', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['an empty one', '', /:1:1: The file is empty\. It needs `services`/],
    ['one of comments', '# nothing\n', /The file is empty/],
    ['a list', '- 1\n', /:1:1: The configuration must be a map of options/],
    ['a word', 'hello\n', /The configuration must be a map of options/],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1]), /is no text in UTF-8/],
    ['a binary file in ASCII', 'a: b\0\u0001\n', /is no text\. Name a YAML file/],
    ['10 MB', `# ${'x'.repeat(10_000_000)}`, /is longer than 1048576 bytes/],
    ['two documents', `${services}---\n${services}`, /The file is no YAML/],
    ['tabs', 'services:\n\t/api: x\n', /:2:1: The file is no YAML: Tabs are not allowed.*Indent by spaces/],
    ['one name twice', 'port: 1\nport: 2\n', /:2:1: The file is no YAML: Map keys must be unique/],
    ['a tag of its own', 'port: !!js/function "x"\n', /The file is no YAML: Unresolved tag/],
  ])('%s', async (_what, yaml, message) => {
    const lines = await mistakes(yaml);
    expect(lines[0]).toMatch(message);
    expect(lines.join('\n')).not.toContain('at Object');
  });

  test('one that is not there, and a folder', async () => {
    const { code, stderr } = await command(['check', 'nowhere.yaml']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/nowhere\.yaml is not there\. Is the path right\?\n$/),
    ]);
    const cwd = folder();
    mkdirSync(join(cwd, 'folder'));
    expect((await command(['check', 'folder'], { cwd })).stderr).toContain('is a folder. Name a file in it.');
  });

  test('aliases within aliases that would fill the memory', async () => {
    const levels = [...'bcdefghi'].map((name, at) => {
      const former = `*${'abcdefghi'[at]}`;
      return `${name}: &${name} [${Array(9).fill(former).join(', ')}]`;
    });
    const [first] = await mistakes(['a: &a [x, x, x]', ...levels].join('\n'));
    expect(first).toMatch(/Excessive alias count/);
  });

  test('aliases that contain themselves', async () => {
    expect(await mistakes(`${services}rateLimit: &a\n  tiers: *a\n`)).toContain(
      'gateway-config.yaml:3:3: `rateLimit.tiers` contains itself. Leave the alias out.',
    );
    expect((await mistakes('a: &a [*a]\n')).join()).toContain('contains itself');
  });

  test('what would change the prototype of objects', async () => {
    expect(await mistakes(`${services}__proto__: { port: 1 }\n`)).toContain(
      'gateway-config.yaml:2:1: `__proto__` is no option.',
    );
  });

  test('a depth that would exhaust the stack', async () => {
    const deep = `${services}a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`;
    expect((await mistakes(deep)).join()).toMatch(/levels deep|cannot be read|no YAML/);
  });
});

test('says of what only code can give that it is so', async () => {
  expect(await mistakes(`${services}logger: {}\nauthenticate: { verify: x }\nredis: 5\n`)).toEqual([
    'gateway-config.yaml:2:1: `logger` can only be given in code: leave it out here.',
    'gateway-config.yaml:3:25: `authenticate.verify` can only be given in code: leave it out here.',
    'gateway-config.yaml:4:8: `redis` must be a string, got 5.',
    summary(3),
  ]);
});

test('is checked with the environment, as it would be served', async () => {
  const env = {
    PORT: 'http',
    REDIS_URL: 'user:hidden@redis',
    JWT_SECRET: 'short',
    GATEWAY_ADMIN_KEY: 'hidden-key',
    LOG_LEVEL: 'loud',
    ALLOWED_ORIGINS: '*, nonsense',
    HOST: '',
  };
  const lines = await mistakes(services, env);
  expect(lines.map((line) => line.split(': `')[0]).sort()).toEqual(
    [
      'ALLOWED_ORIGINS',
      'GATEWAY_ADMIN_KEY',
      'JWT_SECRET',
      'LOG_LEVEL',
      'PORT',
      'REDIS_URL',
      summary(6),
    ].sort(),
  );
  expect(lines.join()).not.toContain('hidden');
});

test('shows no secret that stands in the file itself', async () => {
  const pem = '-----BEGIN PRIVATE KEY-----\\nhidden';
  const lines = await mistakes(`${services}server: { tls: "${pem}" }
redis: "http://me:hidden@localhost"
authenticate: { adminKey: hidden, jwt: { secret: hidden, algorithms: HS256 }, hmac: { keys: { a: { secret: hidden } } } }
`);
  expect(lines.length).toBeGreaterThan(4);
  expect(lines.join('\n')).not.toContain('hidden');
});

test('reads a file that is JSON, too', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'config.json'), JSON.stringify({ services: { '/a': 'http://localhost:1' } }));
  expect((await command(['check', 'config.json', '--json'], { cwd })).stdout).toBe(
    '{"valid":true,"file":"config.json","services":1}\n',
  );
});
