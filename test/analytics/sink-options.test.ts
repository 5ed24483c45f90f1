import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { sinksOption } from '../../src/analytics/sink-options.js';
import { checkOptions } from '../../src/core/options.js';
import { cleanup } from '../helpers.js';
import { event, never, receiver } from './sink-support.js';

const sinksOf = (sinks: unknown) => checkOptions('sinks', sinksOption, sinks);
const secret = 'a secret of 24 bytes, or more';

test('sinks can be described, as in a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-sinks-'));
  cleanup(() => rm(folder, { recursive: true, force: true }));
  const { url, received } = await receiver();
  const sinks = sinksOf([
    { webhook: { url: `${url}/hook`, secret } },
    { otlp: { url: `${url}/v1/metrics` } },
    { file: { path: join(folder, 'events.jsonl') } },
    { name: 'mine', write: () => undefined },
  ]);
  expect(sinks.map(({ name }) => name)).toEqual(['webhook', 'otlp', 'file', 'mine']);
  for (const sink of sinks) await sink.write([event()], never);
  for (const sink of sinks) await sink.close?.();
  expect(received.map((each) => each.url)).toEqual(['/hook', '/v1/metrics']);
});

test('a sink is passed on as it is, also when it is checked twice', () => {
  class Mine {
    write(): void {}
  }
  const mine = new Mine();
  const sinks = sinksOf([mine, { otlp: { url: 'http://127.0.0.1:4318/v1/metrics' } }]);
  expect(sinks[0]).toBe(mine);
  expect(sinksOf(sinks)).toEqual(sinks);
});

test.each<[string, unknown, string]>([
  [
    'what is no sink',
    [{}],
    '`sinks[0]` must be an object with write(), or have one of `webhook`, `file` and `otlp`',
  ],
  ['an unknown kind', [{ kafka: {} }], '`sinks[0].kafka`: unknown option.'],
  ['a wrong option of one', [{ otlp: { url: 'collector' } }], '`sinks[0].otlp.url` must be a URL such as'],
  [
    'a short secret',
    [{ webhook: { url: 'https://a.example', secret: 'hunter2' } }],
    'must be 24 to 64 bytes',
  ],
  ['a folder that is not there', [{ file: { path: '/no/such/folder/a' } }], 'in a folder that exists'],
  ['too many', new Array(21).fill({ write: () => undefined }), '`sinks` must have at most 20 entries'],
])('refuses %s', (_name, sinks, message) => {
  expect(() => sinksOf(sinks)).toThrow(ConfigError);
  expect(() => sinksOf(sinks)).toThrow(message);
  expect(() => sinksOf(sinks)).not.toThrow('hunter2');
});
