import type { ApiKeyChanges } from './api-key-options.js';
import type { ApiKeyRecord } from './api-key-store.js';

/** A record with changes: undefined leaves a value as it is, `null` takes it away. */
export function changed(record: ApiKeyRecord, changes: ApiKeyChanges): ApiKeyRecord {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const merged: Record<string, unknown> = { ...record, ...Object.fromEntries(given) };
  for (const [name, value] of given) if (value === null) delete merged[name];
  return merged as unknown as ApiKeyRecord;
}
