import { type Stats, unwatchFile, watchFile } from 'node:fs';

/** How often files are looked at, in milliseconds. */
const LOOK_MS = 1000;

/** How long a change must have settled: an editor writes more than once. Milliseconds. */
const SETTLE_MS = 100;

/** Files that are watched. */
export interface WatchedFiles {
  /** Watches these in place of the former ones. */
  replace(files: readonly string[]): void;
  close(): void;
}

/**
 * Calls back when one of some files has changed. They are looked at by name, through symbolic links: that works for
 * editors that write another file and rename it, and for Kubernetes, which swaps a link to the folder. A file that is
 * away for a moment is no change; that it is back is one.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  { lookMs = LOOK_MS, settleMs = SETTLE_MS }: { lookMs?: number; settleMs?: number } = {},
): WatchedFiles {
  let watched: readonly string[] = [];
  let settling: NodeJS.Timeout | undefined;

  const changed = (now: Stats, before: Stats): void => {
    const isSame = now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size;
    if (isSame || now.mtimeMs === 0) return;
    clearTimeout(settling);
    settling = setTimeout(onChange, settleMs).unref();
  };

  function replace(wanted: readonly string[]): void {
    const next = [...new Set(wanted)];
    for (const file of watched) if (!next.includes(file)) unwatchFile(file, changed);
    for (const file of next)
      if (!watched.includes(file)) watchFile(file, { interval: lookMs, persistent: false }, changed);
    watched = next;
  }

  replace(files);
  return {
    replace,
    close() {
      clearTimeout(settling);
      replace([]);
    },
  };
}
