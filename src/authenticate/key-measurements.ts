import type { Measurement } from '../core/measurement.js';
import type { KnownKeys, KnownKeysCounts } from './known-keys.js';

/** What can be measured of the cache of API keys; nothing where there is none. */
export function keyMeasurements(known: KnownKeys | undefined): readonly Measurement[] {
  if (known?.counts === undefined) return [];
  const count = (of: keyof KnownKeysCounts): number => known.counts?.[of] ?? 0;
  return [
    {
      name: 'gateway_api_key_lookups_total',
      help: 'Look-ups of API keys, by whether the cache knew the answer.',
      type: 'counter',
      labels: ['result'],
      read: () => [
        { labels: { result: 'hit' }, value: count('hits') },
        { labels: { result: 'miss' }, value: count('misses') },
      ],
    },
    {
      name: 'gateway_api_key_cache_entries',
      help: 'API keys in the cache, unknown ones included.',
      type: 'gauge',
      labels: [],
      read: () => [{ labels: {}, value: count('entries') }],
    },
  ];
}
