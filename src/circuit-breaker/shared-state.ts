/** The version of what is written to Redis. What has another one is not read. */
const VERSION = 1;

/** More than this is not written, nor read: keys of one replica, replicas, isolated keys. */
export const MAX_ENTRIES = 1000;

/** What an operator has done to a breaker. */
export interface OperatorChange {
  readonly action: 'isolate' | 'reset';
  readonly key: string;
  /** A subject, or `code` for a call from the program itself. */
  readonly by: string;
}

/** What all replicas know. */
export interface SharedState {
  /** Keys that each live replica sees failing. */
  readonly views: readonly (readonly string[])[];
  /** What operators did last, by key; undefined where that cannot be read. */
  readonly operated: ReadonlyMap<string, OperatorChange | undefined>;
}

/** One replica's view as it is written. */
export function writeView(failing: readonly string[]): string {
  return JSON.stringify({ v: VERSION, failing: failing.slice(0, MAX_ENTRIES) });
}

/** A view; undefined for one of another version, or what is none. */
export function readView(text: string): readonly string[] | undefined {
  const failing = parsed(text)?.['failing'];
  if (!Array.isArray(failing) || failing.length > MAX_ENTRIES) return undefined;
  return failing.every((key) => typeof key === 'string') ? failing : undefined;
}

/** A change as it is told. */
export function writeChange(change: OperatorChange, from: string): string {
  return JSON.stringify({ v: VERSION, ...change, from });
}

/** A change, and which replica it comes from; undefined for one of another version, or what is none. */
export function readChange(text: string): (OperatorChange & { readonly from: string }) | undefined {
  const { action, key, by, from } = parsed(text) ?? {};
  const isKnown = action === 'isolate' || action === 'reset';
  if (!isKnown || typeof key !== 'string' || typeof by !== 'string' || typeof from !== 'string')
    return undefined;
  return { action, key, by, from };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRecord = typeof value === 'object' && value !== null;
    return isRecord && (value as { v?: unknown }).v === VERSION
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
