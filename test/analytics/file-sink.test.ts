import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigError } from 'gatewright';
import { fileSink } from '../../src/analytics/file-sink.js';
import type { FileSinkOptions } from '../../src/analytics/file-sink-options.js';
import { cleanup } from '../helpers.js';
import { event, events, never } from './sink-support.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatewright-file-'));
  cleanup(() => rm(folder, { recursive: true, force: true }));
  path = join(folder, 'events.jsonl');
});

function sinkTo(options: Partial<FileSinkOptions> = {}) {
  const sink = fileSink({ path, ...options });
  cleanup(() => sink.close?.());
  return sink;
}
const idsIn = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).request_id);

test('writes a line of JSON for each event, to a file for its owner alone', async () => {
  const sink = sinkTo();
  await sink.write(events(2), never);
  await sink.write([event({ id: 'a\nb' })], never);
  expect(idsIn(readFileSync(path, 'utf8'))).toEqual(['0', '1', 'a\nb']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('makes no file before there is an event', async () => {
  await sinkTo().close?.();
  expect(existsSync(path)).toBe(false);
});

test('goes on behind what is there', async () => {
  const first = sinkTo();
  await first.write([event({ id: 'a' })], never);
  await first.close?.();
  await sinkTo().write([event({ id: 'b' })], never);
  expect(idsIn(readFileSync(path, 'utf8'))).toEqual(['a', 'b']);
});

test('begins a line of its own behind one that a crash has cut short', async () => {
  appendFileSync(path, '{"request_id":"a"');
  await sinkTo().write([event({ id: 'b' })], never);
  const [cut, whole] = readFileSync(path, 'utf8').split('\n');
  expect(cut).toBe('{"request_id":"a"');
  expect(JSON.parse(whole ?? '').request_id).toBe('b');
});

test('rotates by size and keeps so many files', async () => {
  const sink = sinkTo({ maxBytes: 1024, maxFiles: 2 });
  for (let batch = 0; batch < 5; batch += 1) await sink.write(events(10), never);
  expect(readdirSync(folder).sort()).toEqual(['events.jsonl', 'events.jsonl.1', 'events.jsonl.2']);
  expect(idsIn(readFileSync(`${path}.1`, 'utf8'))).toHaveLength(10);
  expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
});

test('compresses what was rotated', async () => {
  const sink = sinkTo({ maxBytes: 1024, compress: true });
  await sink.write(events(10), never);
  expect(idsIn(gunzipSync(readFileSync(`${path}.1.gz`)).toString())).toHaveLength(10);
  expect(statSync(`${path}.1.gz`).mode & 0o777).toBe(0o600);
});

test('takes an interval', async () => {
  await sinkTo({ interval: '1d' }).write([event()], never);
  expect(idsIn(readFileSync(path, 'utf8'))).toHaveLength(1);
});

test('fails while the file cannot be written, and goes on when it can', async () => {
  const sink = sinkTo();
  mkdirSync(path);
  await expect(sink.write([event({ id: 'a' })], never)).rejects.toThrow('it is not a file');
  await expect(sink.write([event({ id: 'b' })], never)).rejects.toThrow('it is not a file');
  await rm(path, { recursive: true });
  await sink.write([event({ id: 'c' })], never);
  expect(idsIn(readFileSync(path, 'utf8'))).toEqual(['c']);
});

test('fails when a rotation does, and goes on', async () => {
  const sink = sinkTo({ maxBytes: 1024, maxFiles: 1 });
  mkdirSync(`${path}.1`);
  appendFileSync(join(`${path}.1`, 'in the way'), '');
  await expect(sink.write(events(10), never)).rejects.toThrow();
  await rm(`${path}.1`, { recursive: true });
  await sink.write([event({ id: 'later' })], never);
  expect(idsIn(readFileSync(path, 'utf8'))).toContain('later');
});

describe('refuses', () => {
  test('a folder that is not there', () => {
    const missing = join(folder, 'no', 'events.jsonl');
    expect(() => fileSink({ path: missing })).toThrow(ConfigError);
    expect(() => fileSink({ path: missing })).toThrow(
      `\`fileSink.path\` must be in a folder that exists: create it first, got '${missing}'.`,
    );
  });

  test('a folder in place of a file, and a file in place of a folder', () => {
    expect(() => fileSink({ path: folder })).toThrow('must be a file, not a folder');
    appendFileSync(path, '');
    expect(() => fileSink({ path: join(path, 'x') })).toThrow('must be in a folder that exists');
  });

  test('a folder that is read-only', () => {
    // Root may write anywhere.
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    expect(() => fileSink({ path })).toThrow('in a folder that this process may write to');
  });

  test.each<[string, object, string]>([
    ['no path', { path: '' }, '`fileSink.path` must have at least 1 character'],
    ['an interval of 7 minutes', { interval: '7m' }, '`fileSink.interval` must be minutes, hours or days'],
    ['a file of no size', { maxBytes: 1 }, '`fileSink.maxBytes` must be at least 1024, got 1.'],
    ['no files', { maxFiles: 0 }, '`fileSink.maxFiles` must be greater than 0, got 0.'],
    ['an unknown option', { compres: true }, 'Did you mean `compress`?'],
  ])('%s', (_name, options, message) => {
    expect(() => sinkTo(options)).toThrow(message);
  });
});
