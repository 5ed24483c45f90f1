import { accessSync, constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { ConfigError } from '../core/config-error.js';
import { checkOptions } from '../core/options.js';
import { eventRecord } from './event-record.js';
import { type FileSinkOptions, fileSinkSchema, type ResolvedFileSink } from './file-sink-options.js';
import type { RequestEvent } from './request-event.js';
import type { Sink } from './sink.js';

/**
 * Writes events to a file as JSON lines, with rotation. After an error, such as a disk that is full, the batch is lost
 * and the file is opened anew for the next one.
 *
 * @throws ConfigError for wrong options, and where the file could not be written to
 */
export function fileSink(options: FileSinkOptions): Sink {
  return fileSinkOf(checkOptions('fileSink', fileSinkSchema, options));
}

/** The same of options that were checked. */
export function fileSinkOf(config: ResolvedFileSink): Sink {
  const path = resolve(config.path);
  const problem = problemWithPath(path);
  if (problem) throw new ConfigError([`\`fileSink.path\` must be ${problem}, got '${config.path}'.`]);
  let stream: RotatingFileStream | undefined;

  async function write(batch: readonly RequestEvent[]): Promise<void> {
    let text = '';
    for (const event of batch) text += `${JSON.stringify(eventRecord(event))}\n`;
    if (stream === undefined || stream.destroyed) {
      // A line that an error or a crash has cut short must not spoil the next one.
      if (await isCutShort(path)) text = `\n${text}`;
      stream = openStream(path, config);
    }
    await written(stream, text);
  }

  async function close(): Promise<void> {
    const last = stream;
    if (last === undefined || last.destroyed) return;
    await new Promise<void>((done) => {
      last.once('close', done);
      last.end();
    });
  }

  return { name: 'file', write, close };
}

function openStream(path: string, config: ResolvedFileSink): RotatingFileStream {
  const { interval } = config;
  const stream = createStream(basename(path), {
    path: dirname(path),
    mode: 0o600,
    size: `${config.maxBytes}B`,
    rotate: config.maxFiles,
    ...(interval === undefined ? {} : { interval }),
    ...(config.compress ? { compress: 'gzip' as const } : {}),
  });
  // The write under way hears of it; without a listener, an error of a rotation would end the process.
  stream.on('error', () => undefined);
  return stream;
}

/** A file that could not be opened or rotated says so by closing, not always to the write that waits for it. */
function written(stream: RotatingFileStream, text: string): Promise<void> {
  return new Promise((done, failed) => {
    const broken = (): void => failed(stream.errored ?? new Error('The file was closed'));
    stream.once('close', broken);
    stream.write(text, (error) => {
      stream.off('close', broken);
      if (error) failed(error);
      else done();
    });
  });
}

function problemWithPath(path: string): string | undefined {
  const folder = dirname(path);
  if (!isDirectory(folder)) return 'in a folder that exists: create it first';
  if (!isAllowed(folder, constants.W_OK | constants.X_OK))
    return 'in a folder that this process may write to: rotation makes files there';
  if (isDirectory(path)) return 'a file, not a folder';
  if (isAllowed(path, constants.F_OK) && !isAllowed(path, constants.W_OK))
    return 'a file that this process may write to';
  return undefined;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Whether there is text in a file that does not end with a line break. */
async function isCutShort(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const there = await file.stat();
    if (!there.isFile() || there.size === 0) return false;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, there.size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await file.close();
  }
}
