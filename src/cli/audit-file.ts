import { createWriteStream, type WriteStream } from 'node:fs';
import type { Logger } from '../core/logger.js';

/** So much may wait for a disk that hangs. */
const MAX_WAITING_BYTES = 16_777_216;

/** Audit records in a file of their own, readable by its owner alone. */
export class AuditFile {
  readonly #path: string;
  readonly #logger: Logger;
  #stream: WriteStream;
  #failed = false;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#stream = this.#open();
  }

  write(line: string): void {
    // A record must not be lost with its file.
    if (this.#failed || this.#stream.writableLength > MAX_WAITING_BYTES)
      this.#logger.error('An audit record could not be written', { record: line });
    else this.#stream.write(`${line}\n`);
  }

  reopen(): void {
    this.#stream.end();
    this.#failed = false;
    this.#stream = this.#open();
  }

  close(): Promise<void> {
    if (this.#failed || this.#stream.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.once('close', () => resolve());
      this.#stream.end();
    });
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#path, { flags: 'a', mode: 0o600 });
    stream.on('error', (error) => {
      if (stream !== this.#stream) return;
      this.#failed = true;
      this.#logger.error('The audit file cannot be written to', { file: this.#path, error: error.message });
    });
    return stream;
  }
}
