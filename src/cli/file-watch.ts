import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** How often files are looked at, in milliseconds. */
const LOOK_MS = 1000;

/** How long a change must have settled: an editor writes more than once. Milliseconds. */
const SETTLE_MS = 100;

/** A file that is not there. */
const AWAY = 'away';

/**
 * Knows whether files have changed since it was made. They are looked at by name, through symbolic links: that works
 * for editors that write another file and rename it, and for Kubernetes, which swaps a link to the folder. A file that
 * is away for a moment is no change; that it is back is one.
 */
export class FileWatch {
  readonly #settleMs: number;
  readonly #lookMs: number;
  /** What was last seen of each. */
  #seen = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #looking = false;
  #closed = false;

  /** @param files absolute paths */
  constructor(
    files: readonly string[],
    { lookMs = LOOK_MS, settleMs = SETTLE_MS }: { lookMs?: number; settleMs?: number } = {},
  ) {
    this.#lookMs = lookMs;
    this.#settleMs = settleMs;
    this.replace(files);
  }

  /** Calls back from now on when one has changed, and when one has since this was made. */
  start(onChange: () => void): void {
    this.#timer = setInterval(() => void this.#look(onChange), this.#lookMs).unref();
  }

  /** Watches these in place of the former ones. */
  replace(files: readonly string[]): void {
    this.#seen = new Map(files.map((file) => [file, this.#seen.get(file) ?? seenNow(file)]));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
  }

  async #look(onChange: () => void): Promise<void> {
    // A disk of the network may hang.
    if (this.#looking) return;
    this.#looking = true;
    let changed = false;
    for (const [file, before] of [...this.#seen]) {
      const now = await stat(file).then(stateOf, () => AWAY);
      if (now === before || !this.#seen.has(file)) continue;
      this.#seen.set(file, now);
      if (now !== AWAY) changed = true;
    }
    this.#looking = false;
    if (!changed || this.#closed) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(onChange, this.#settleMs).unref();
  }
}

function seenNow(file: string): string {
  try {
    return stateOf(statSync(file));
  } catch {
    return AWAY;
  }
}

function stateOf({ mtimeMs, ino, size }: { mtimeMs: number; ino: number; size: number }): string {
  return `${mtimeMs} ${ino} ${size}`;
}
