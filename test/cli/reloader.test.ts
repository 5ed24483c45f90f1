// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configuration files look like that
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { loadConfig } from '../../src/cli/load-config.js';
import { applyOwn } from '../../src/cli/own-options.js';
import { Reloader } from '../../src/cli/reloader.js';
import { ConfigError } from '../../src/core/config-error.js';
import { keepLines } from '../server/support.js';
import { folder } from './support.js';

const services = 'services: { /api/kgot: "http://localhost:16000" }\n';

/** A reloader of a configuration in a folder, and a gateway that only takes note of its options. */
function reloading(yaml: string, files: Record<string, string> = {}) {
  const cwd = folder({ 'gateway-config.yaml': yaml, ...files });
  const load = () => loadConfig({ env: { KEY: 'k'.repeat(32) }, cwd });
  const { logger, lines } = keepLines();
  const reload = jest.fn<(options: unknown) => Promise<{ changed: string[]; restart: string[] }>>();
  reload.mockResolvedValue({ changed: [], restart: [] });
  const logs = { level: 'info' };
  const reloader = new Reloader({
    config: load(),
    running: { reload },
    load,
    optionsOf: ({ options }) => options,
    applyOwn: (config, former) => applyOwn(config, former, logs as never),
    logger,
  });
  const write = (text: string) => writeFileSync(join(cwd, 'gateway-config.yaml'), text);
  return { reloader, reload, lines, logs, write, cwd };
}

test('hands over what has changed, and says what that is, without secrets', async () => {
  const { reloader, reload, lines, write } = reloading(
    `${services}authenticate: { adminKey: ${'a'.repeat(32)}, jwt: { secret: ${'b'.repeat(32)}, algorithms: [HS256] } }\n`,
  );
  reload.mockResolvedValue({ changed: ['authenticate', 'services'], restart: ['redis'] });
  write(
    `services: { /api/kgot: "http://localhost:1" }\nredis: redis://me:hidden@localhost\nauthenticate: { adminKey: "\${KEY}", jwt: { secret: ${'c'.repeat(32)}, algorithms: [HS256] } }\n`,
  );
  await reloader.reload();
  expect(lines).toEqual([
    [
      'info',
      'The configuration was reloaded',
      {
        changed: ['authenticate', 'services'],
        differences: [
          'services["/api/kgot"]: "http://localhost:16000" -> "http://localhost:1"',
          'authenticate.adminKey: [redacted] -> ${KEY}',
          'authenticate.jwt.secret: [redacted] -> [redacted]',
          'redis: nothing -> "redis://[redacted]@localhost"',
        ],
      },
    ],
    ['warn', 'Some changes need a restart', { options: ['redis'] }],
  ]);
});

test('changes nothing where nothing has changed', async () => {
  const { reloader, reload, lines, write } = reloading(services);
  write(`# another comment\n${services}`);
  await reloader.reload();
  expect(reload).not.toHaveBeenCalled();
  expect(lines).toEqual([['info', 'The configuration was read anew, and has not changed', undefined]]);
});

test.each<[string, string, RegExp]>([
  ['a mistake', `${services}port: x\n`, /^gateway-config\.yaml:2:7: `port` must be a number/],
  ['no YAML', 'a: b: c\n', /^gateway-config\.yaml:1:\d+: The file is no YAML/],
  ['an empty file', '', /The file is empty/],
])('says of %s what it is, and hands nothing over', async (_what, yaml, problem) => {
  const { reloader, reload, lines, write } = reloading(services);
  write(yaml);
  await reloader.reload();
  expect(reload).not.toHaveBeenCalled();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject(['error', 'The new configuration is not used: the former one holds', {}]);
  expect(lines[0]?.[2]).toMatchObject({ problems: [expect.stringMatching(problem)] });
});

test('says where a mistake is that only the gateway finds, and tries again later', async () => {
  const { reloader, reload, lines, write } = reloading(services);
  reload.mockRejectedValueOnce(new ConfigError(['`services["/b"]` has the same name as another.']));
  write(`${services.replace(' }', ', /b: "http://localhost:2" }')}`);
  await reloader.reload();
  expect(lines[0]?.[2]).toEqual({
    problems: ['gateway-config.yaml:1:54: `services["/b"]` has the same name as another.'],
  });
  await reloader.reload();
  expect(reload).toHaveBeenCalledTimes(2);
  expect(lines[1]?.[1]).toBe('The configuration was reloaded');
});

test('applies one at a time, and the last one whatever comes meanwhile', async () => {
  const { reloader, reload, write } = reloading(services);
  let release: () => void = () => undefined;
  reload.mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        release = () => resolve({ changed: [], restart: [] });
      }),
  );
  write(`${services}port: 1\n`);
  const first = reloader.reload();
  write(`${services}port: 2\n`);
  const calls = [reloader.reload(), reloader.reload(), reloader.reload()];
  expect(reload).toHaveBeenCalledTimes(1);
  release();
  await Promise.all([first, ...calls]);
  expect(reload.mock.calls).toHaveLength(2);
  expect(reload).toHaveBeenLastCalledWith(expect.objectContaining({ port: 2 }));
});

test('applies the level of the log, and names what of the command line needs a restart', async () => {
  const { reloader, lines, logs, write } = reloading(services);
  write(`${services}workers: 2\nonRedisDown: refuse\nlogging: { level: warn, accessLog: true }\n`);
  await reloader.reload();
  expect(logs.level).toBe('warn');
  expect(lines[0]?.[2]).toMatchObject({ changed: ['logging.level'] });
  expect(lines[1]?.[2]).toEqual({ options: ['logging.accessLog', 'workers', 'onRedisDown'] });
});

test('names fifty differences, and counts the others', async () => {
  const many = (port: number) =>
    `services:\n${Array.from(Array(80).keys(), (at) => `  /s${at}: http://localhost:${port}\n`).join('')}`;
  const { reloader, lines, write } = reloading(many(1));
  write(many(2));
  await reloader.reload();
  const [differences] = lines.map(([, , about]) => (about as { differences: string[] }).differences);
  expect(differences).toHaveLength(51);
  expect(differences?.at(-1)).toBe('and 30 more');
});
