// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configuration files look like that

import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { send, serve } from '../helpers.js';
import { freePort, RedisServer } from '../redis-server.js';
import { command, folder, Process } from './support.js';

const open = 'authenticate: false\nrateLimit: false\n';
const configFor = (target: string, more = '') =>
  `host: 127.0.0.1\nport: 0\n${open}services: { /api/kgot: "${target}" }\n${more}`;

describe('gatewright alone in an empty folder', () => {
  test('serves the six services, says what to do next, and drains on SIGTERM', async () => {
    const gateway = new Process([], { cwd: folder(), env: { PORT: '0' } });
    const url = await gateway.url();
    const { steps } = await gateway.line('No API key exists yet');
    expect(String(steps)).toContain('gatewright keys create');
    const { services } = JSON.parse((await send(url, '/')).body);
    expect(services.map(({ path }: { path: string }) => path)).toEqual([
      '/api/alita',
      '/api/kgot',
      '/api/mcp-brainstorming',
      '/api/web-agent',
      '/api/unified-system',
      '/api/monitoring',
    ]);
    expect((await send(url, '/api/kgot/x')).status).toBe(401);
    expect((await send(url, '/health')).status).toBe(200);
    gateway.signal('SIGTERM');
    await gateway.line('The gateway has ended');
    expect(await gateway.ended).toBe(0);
    expect(gateway.stderr).toBe('');
  });
});

test('somebody who does what is said gets past, without a restart', async () => {
  const cwd = folder();
  const gateway = new Process([], { cwd, env: { PORT: '0' } });
  const url = await gateway.url();
  const { stdout } = await command(['keys', 'create'], { cwd });
  const [, key = ''] = /shown this once: (\S+)/.exec(stdout) ?? [];
  const headers = { 'X-API-Key': key };
  expect((await send(url, '/api/kgot/x', { headers })).status).toBe(401);
  writeFileSync(join(cwd, 'gateway-config.yaml'), stdout.slice(stdout.indexOf('authenticate:')));
  expect(await gateway.line('The configuration was reloaded')).toMatchObject({ changed: ['authenticate'] });
  expect((await send(url, '/api/kgot/x', { headers })).status).not.toBe(401);
});

test('what nobody has caught is one line, and the exit code 1', async () => {
  const thrower = "process.on('SIGUSR2', () => { throw new Error('boom redis://me:hidden@localhost'); })";
  const env = { PORT: '0', NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(thrower)}"` };
  const gateway = new Process([], { cwd: folder(), env });
  await gateway.url();
  await gateway.line('No API key exists yet');
  gateway.signal('SIGUSR2');
  expect(await gateway.ended).toBe(1);
  expect(gateway.stderr).toMatch(
    /^gatewright: boom redis:\/\/\[redacted\]@localhost\. This should not happen: .*\n$/,
  );
});

test('is the command of the package', () => {
  const { bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(readFileSync(bin.gatewright, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('takes flags before the environment, and secrets from it', async () => {
  const redis = await RedisServer.start();
  const secret = 's'.repeat(32);
  const admin = 'a'.repeat(32);
  const env = {
    PORT: 'nonsense',
    HOST: '192.0.2.1',
    REDIS_URL: 'redis://127.0.0.1:1',
    JWT_SECRET: secret,
    ALLOWED_ORIGINS: 'https://app.example.com, https://other.example.com',
    GATEWAY_ADMIN_KEY: admin,
  };
  const args = ['--host', '127.0.0.1', '--port', '0', '--redis-url', redis.url];
  const gateway = new Process(args, { cwd: folder(), env });
  const url = await gateway.url();
  const made = await send(url, '/api/auth/api-key', { method: 'POST', headers: { 'X-API-Key': admin } });
  expect(made.status).toBe(201);
  // It is in the Redis of the flag.
  expect((await command(['keys', 'list', '--redis-url', redis.url])).stdout).toContain(
    JSON.parse(made.body).key_id,
  );
  const token = jwt.sign({ sub: 'me' }, secret, { expiresIn: 60 });
  const headers = { Authorization: `Bearer ${token}`, Origin: 'https://other.example.com' };
  const answer = await send(url, '/api/kgot/x', { headers });
  expect(answer.status).not.toBe(401);
  expect(answer.headers['access-control-allow-origin']).toBe('https://other.example.com');
  expect(gateway.raw.join()).not.toMatch(new RegExp(`${secret}|${admin}|${JSON.parse(made.body).api_key}`));
});

describe('what cannot be started', () => {
  test('a port in use: one line, and the exit code 3', async () => {
    const { port } = await serve((_req, res) => res.end());
    for (const more of [[], ['--workers', '2', '--redis-url', 'redis://127.0.0.1:1']]) {
      const args = ['start', '--host', '127.0.0.1', '--port', String(port), ...more];
      const gateway = new Process(args, { cwd: folder() });
      expect(await gateway.ended).toBe(3);
      expect(gateway.stderr).toBe(
        `gatewright: Port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another by \`port\`.\n`,
      );
    }
  });

  test('a wrong configuration: each mistake where it is, and the exit code 2', async () => {
    const cwd = folder({
      'a.yaml': configFor('http://localhost:1', 'server: { tls: { cert: /nowhere, key: /nowhere } }\n'),
    });
    const { code, stderr } = await command(['--config-file', 'a.yaml'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^a\.yaml:6:24: `server\.tls\.cert` cannot be read.*\ngatewright: The configuration has a mistake\.\n$/,
    );
  });

  test('several workers without a Redis', async () => {
    const { code, stderr } = await command(['--workers', '2', '--port', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('--workers: `workers` needs `redis`');
  });

  test('Redis is down, and the configuration says that it is needed', async () => {
    const cwd = folder({
      'gateway-config.yaml': configFor(
        'http://localhost:1',
        'redis: redis://127.0.0.1:1\nonRedisDown: refuse\n',
      ),
    });
    for (const args of [[], ['--workers', '2']]) {
      const { code, stderr } = await command(args, { cwd });
      expect([code, stderr]).toEqual([
        4,
        expect.stringContaining('Redis at 127.0.0.1:1 cannot be asked (ECONNREFUSED)'),
      ]);
    }
  });
});

test('starts without Redis where that is not forbidden, and says so', async () => {
  const { url: behind } = await serve((_req, res) => res.end('from upstream'));
  const cwd = folder({ 'gateway-config.yaml': configFor(behind, 'redis: redis://127.0.0.1:1\n') });
  const gateway = new Process([], { cwd });
  const url = await gateway.url();
  expect(await gateway.line('The connection to Redis failed')).toMatchObject({ level: 'warn' });
  expect((await send(url, '/api/kgot/x')).body).toBe('from upstream');
});

test('a second signal ends it at once, whatever still runs', async () => {
  let asked: () => void;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { url: behind } = await serve(() => asked());
  const gateway = new Process([], { cwd: folder({ 'gateway-config.yaml': configFor(behind) }) });
  const { port } = new URL(await gateway.url());
  const client = connect(Number(port), '127.0.0.1');
  client.on('error', () => undefined);
  client.write('GET /api/kgot/x HTTP/1.1\r\nHost: x\r\n\r\n');
  await isAsked;
  gateway.signal('SIGTERM');
  await gateway.line('The gateway drains');
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(143);
});

test('goes on where nobody reads what it writes', async () => {
  const { url: behind } = await serve((_req, res) => res.end('from upstream'));
  const yaml = configFor(behind, 'logging: { accessLog: true }\n');
  const gateway = new Process([], { cwd: folder({ 'gateway-config.yaml': yaml }) });
  const url = await gateway.url();
  gateway.hangUp();
  for (let at = 0; at < 20; at += 1) expect((await send(url, '/api/kgot/x')).status).toBe(200);
});

describe('a changed configuration', () => {
  test('is taken over on SIGHUP, and a wrong one changes nothing and says why', async () => {
    const { url: first } = await serve((_req, res) => res.end('first'));
    const { url: second } = await serve((_req, res) => res.end('second'));
    const cwd = folder({ secret: 'k'.repeat(32) });
    const file = join(cwd, 'gateway-config.yaml');
    writeFileSync(file, configFor(first));
    const gateway = new Process(['--config-file', 'gateway-config.yaml'], { cwd });
    const url = await gateway.url();
    expect((await send(url, '/api/kgot/x')).body).toBe('first');

    writeFileSync(
      file,
      configFor(second, 'logging: { level: warn, accessLog: true }\ncors: { origins: ["https://${NO}"] }\n'),
    );
    gateway.signal('SIGHUP');
    const refused = await gateway.line('The new configuration is not used');
    expect(refused).toMatchObject({
      level: 'error',
      problems: [
        expect.stringMatching(/^gateway-config\.yaml:7:19: `cors\.origins\[0\]` refers to the variable NO/),
      ],
    });
    expect((await send(url, '/api/kgot/x')).body).toBe('first');

    writeFileSync(file, configFor(second, 'server: { drainDelayMs: 5 }\ncircuitBreaker: false\n'));
    gateway.signal('SIGHUP');
    const reloaded = await gateway.line('The configuration was reloaded');
    expect(reloaded['changed']).toEqual(expect.arrayContaining(['services', 'circuitBreaker']));
    expect(reloaded['differences']).toContain(`services["/api/kgot"]: "${first}" -> "${second}"`);
    expect(await gateway.line('Some changes need a restart')).toMatchObject({ options: ['server'] });
    expect((await send(url, '/api/kgot/x')).body).toBe('second');
  });

  test('is taken over by itself when the file changes, or one that it refers to', async () => {
    const cwd = folder({ target: 'http://localhost:1', other: 'http://localhost:2' });
    const yaml = configFor('${file:target}');
    writeFileSync(join(cwd, 'gateway-config.yaml'), yaml);
    const gateway = new Process([], { cwd });
    await gateway.url();
    writeFileSync(join(cwd, 'target'), 'http://localhost:23');
    const { differences } = await gateway.line('The configuration was reloaded');
    expect(differences).toEqual(['services["/api/kgot"]: ${file:target} -> ${file:target}']);
    writeFileSync(join(cwd, 'gateway-config.yaml'), `${yaml}logging: { level: debug }\n`);
    expect(await gateway.line('The configuration was reloaded')).toMatchObject({
      changed: ['logging.level'],
    });
  });
});

test('several workers serve one port, and end with their primary', async () => {
  const redis = await RedisServer.start();
  const { url: behind } = await serve((_req, res) => res.end('from upstream'));
  const port = await freePort();
  const yaml = configFor(behind, `redis: ${redis.url}\n`);
  const gateway = new Process(['--workers', '2', '--port', String(port)], {
    cwd: folder({ 'gateway-config.yaml': yaml }),
  });
  const [one, other] = [await gateway.line('The gateway listens'), await gateway.line('The gateway listens')];
  expect([one['url'], other['url']]).toEqual(Array(2).fill(`http://127.0.0.1:${port}`));
  expect(one['pid']).not.toBe(other['pid']);
  expect((await send(String(one['url']), '/api/kgot/x')).body).toBe('from upstream');
  gateway.signal('SIGHUP');
  await gateway.line('The configuration was read anew');
  await gateway.line('The configuration was read anew');
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
});
