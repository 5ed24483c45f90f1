import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { LogStream } from '../../src/cli/log-stream.js';
import { loggingSchema } from '../../src/cli/logging-options.js';
import { createLogs } from '../../src/cli/logs.js';
import { cleanup } from '../helpers.js';
import { RedisServer } from '../redis-server.js';
import { folder } from './support.js';

/** Logs to a stream of the test's own. */
function logging(options: object = {}, { json = false, isTTY = false, redisUrl = '', env = {} } = {}) {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const around = { stdout, env };
  const logs = createLogs(loggingSchema.parse(options), around, { json, ...(redisUrl && { redisUrl }) });
  cleanup(() => logs.close());
  return { ...logs, logs, written: () => String(stdout.read() ?? '') };
}

describe('lines', () => {
  test('are JSON, with a time and a level, where nobody watches', () => {
    const { logger, written } = logging();
    logger.warn('Upstream failed', { requestId: 'r1', service: 'kgot' });
    const line = JSON.parse(written());
    expect(Object.keys(line)).toEqual(['timestamp', 'level', 'message', 'requestId', 'service']);
    expect(line).toMatchObject({ level: 'warn', message: 'Upstream failed', requestId: 'r1' });
    expect(Date.parse(line.timestamp)).not.toBeNaN();
  });

  test('are for people on a terminal, unless JSON is asked for', () => {
    const terminal = logging({}, { isTTY: true, env: { NO_COLOR: '1' } });
    terminal.logger.info('It listens', { url: 'http://a:1', list: ['b c'] });
    expect(terminal.written()).toMatch(
      /^\d\d:\d\d:\d\d INFO {2}It listens url=http:\/\/a:1 list=\["b c"\]\n$/,
    );
    const colored = logging({}, { isTTY: true });
    colored.logger.error('x');
    expect(colored.written()).toContain('\u001B[31mERROR\u001B[0m');
    const programs = logging({}, { isTTY: true, json: true });
    programs.logger.info('x');
    expect(JSON.parse(programs.written()).message).toBe('x');
  });

  test("keep a detail that has the name of what is the line's own", () => {
    const { logger, written } = logging();
    logger.info('text', { message: 'other', level: 'high', timestamp: 1 });
    expect(JSON.parse(written())).toMatchObject({
      message: 'text',
      message_: 'other',
      level: 'info',
      level_: 'high',
    });
  });

  test('cannot be forged by what clients send', () => {
    const forged = 'x\n{"level":"error","message":"forged"}\u001B[2J\u2028';
    for (const format of ['json', 'pretty']) {
      const { logger, written } = logging({ format });
      logger.warn(forged, { agent: forged });
      const text = written();
      expect(text.split('\n')).toHaveLength(2);
      expect(text).not.toContain('\u001B');
    }
  });

  test('have no secrets in them', () => {
    const { logger, written } = logging();
    logger.error('redis://me:hidden@localhost failed', { headers: { authorization: 'hidden' } });
    expect(written()).not.toContain('hidden');
  });

  test('below the level are left out; those of audit and access never are', () => {
    const { logs, logger, written } = logging({ level: 'error' });
    logger.warn('no');
    logs.write('audit', 'audit', { decision: 'denied' });
    logs.write('access', 'request', { status: 200 });
    const lines = written()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', channel: 'audit', decision: 'denied' }),
      expect.objectContaining({ level: 'info', channel: 'access', status: 200 }),
    ]);
    logs.level = 'debug';
    logger.debug('yes');
    expect(JSON.parse(written()).message).toBe('yes');
  });
});

test('an output that fails, or throws, hurts nobody who logs', () => {
  const broken = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('no space left'));
    },
  });
  broken.on('error', () => undefined);
  const throwing = Object.assign(new PassThrough(), {
    write() {
      throw new Error('no');
    },
  });
  for (const stdout of [broken, throwing]) {
    const { logger } = createLogs(loggingSchema.parse({}), { stdout, env: {} });
    for (let at = 0; at < 100; at += 1) expect(() => logger.info('line', { at })).not.toThrow();
  }
});

describe('an audit file', () => {
  test('has the records, for its owner alone, and is opened anew where somebody moved it', async () => {
    const cwd = folder();
    const file = join(cwd, 'audit.log');
    const { logs, written } = logging({ audit: { file } });
    logs.write('audit', 'audit', { decision: 'denied', at: 1 });
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('"at":1'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    renameSync(file, join(cwd, 'audit.1'));
    logs.reopen();
    logs.write('audit', 'audit', { at: 2 });
    await logs.close();
    expect(readFileSync(file, 'utf8')).toContain('"at":2');
    expect(readFileSync(join(cwd, 'audit.1'), 'utf8')).not.toContain('"at":2');
    expect(written()).toBe('');
  });

  test('that cannot be written to leaves records to the log', async () => {
    const { logs, written } = logging({ audit: { file: '/nowhere/audit.log' } });
    let text = '';
    await until(() => {
      text += written();
      return text.includes('The audit file cannot be written to');
    });
    logs.write('audit', 'audit', { decision: 'denied' });
    expect(written()).toMatch(/An audit record could not be written.*denied/);
  });
});

describe('a stream of Redis', () => {
  const options = { key: 'gw:logs', maxLength: 100_000, maxBuffered: 1000 };

  test('gets every line, in order, and is bounded', async () => {
    const redis = await RedisServer.start();
    const { logs, logger } = logging({ redis: { maxLength: 100 } }, { redisUrl: redis.url });
    for (let at = 0; at < 1000; at += 1) logger.info('line', { at, password: 'hidden' });
    await logs.close();
    const client = redis.client();
    const entries = await client.xrevrange('gw:logs', '+', '-');
    const lines = entries.map(([, fields]) => JSON.parse(fields[1] as string));
    expect(lines[0]).toMatchObject({ message: 'line', at: 999, password: '[redacted]' });
    expect(lines.length).toBeGreaterThanOrEqual(100);
    expect(lines.length).toBeLessThan(400); // `~` keeps whole nodes.
  });

  test('that is away keeps some lines, counts the others, and says so when it is back', async () => {
    const redis = await RedisServer.start();
    await redis.kill();
    let told: (lost: number) => void;
    const isTold = new Promise<number>((resolve) => {
      told = resolve;
    });
    const stream = new LogStream({ ...options, url: redis.url, maxBuffered: 10 }, (lost) => told(lost));
    for (let at = 0; at < 25; at += 1) stream.write(`${at}\n`);
    await stream.flush();
    expect(stream.lost).toBe(15);
    await redis.up();
    expect(await isTold).toBe(15);
    const entries = await redis.client().xrange('gw:logs', '-', '+');
    expect(entries.map(([, fields]) => fields[1])).toEqual(Array.from(Array(10).keys(), String));
    await stream.close();
  });

  test('that hangs does not keep the process from ending', async () => {
    const redis = await RedisServer.start();
    const stream = new LogStream({ ...options, url: redis.url });
    redis.signal('SIGSTOP');
    stream.write('line\n');
    await stream.close();
    expect(stream.lost).toBe(1);
    redis.signal('SIGCONT');
  });

  test('without a Redis is a warning', () => {
    const { written } = logging({ redis: true });
    expect(JSON.parse(written())).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('`logging.redis.url`'),
    });
  });
});

/** Waits until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  for (;;) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
