import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CliError } from './cli-error.js';
import { exitCode } from './exit-code.js';

/** A configuration is written by people: what is longer is none. Bytes. */
const MAX_BYTES = 1_048_576;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is not there. Is the path right?',
  EACCES: 'may not be read by this user. Grant the right to it.',
  EISDIR: 'is a folder. Name a file in it.',
};

/**
 * Reads a configuration file as text.
 *
 * @throws CliError for what cannot be read, is too long or is no text
 */
export function readConfigText(file: string): string {
  const text = decoded(readBounded(file), file);
  // YAML allows no control characters but white space: what has some was never meant to be read.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text)) throw refused(file, 'is no text. Name a YAML file.');
  return text;
}

function readBounded(file: string): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    if (fstatSync(descriptor).isDirectory()) throw refused(file, reasons['EISDIR'] as string);
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, null);
      length += read;
      if (length > MAX_BYTES)
        throw refused(file, `is longer than ${MAX_BYTES} bytes. Is it a configuration?`);
      if (read === 0) return bytes.subarray(0, length);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw refused(file, reasons[code] ?? `cannot be read (${code}).`, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function decoded(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(file, 'is no text in UTF-8. Name a YAML file.');
  }
}

function refused(file: string, problem: string, cause?: unknown): CliError {
  return new CliError(`The configuration ${file} ${problem}`, exitCode.wrongConfiguration, { cause });
}
