import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { retryAfterMs } from '../../src/circuit-breaker/retry-after.js';
import { readChange, readView, writeChange, writeView } from '../../src/circuit-breaker/shared-state.js';
import { isAmbiguousPath, pathOf } from '../../src/core/path.js';
import { hostInTarget, isHost, originForm } from '../../src/core/request-target.js';
import { RouteTable } from '../../src/proxy-router/route-table.js';
import type { Service } from '../../src/proxy-router/service.js';
import { runs, soup } from './support.js';

const anything = fc.string({ unit: 'binary' });

describe('what replicas tell each other of breakers', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 20 }), (failing) => {
        expect(readView(writeView(failing))).toEqual(failing);
      }),
      runs(300),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('isolate', 'reset'),
        anything,
        anything,
        anything,
        (action, key, by, from) => {
          expect(readChange(writeChange({ action: action as 'isolate', key, by }, from))).toEqual({
            action,
            key,
            by,
            from,
          });
        },
      ),
      runs(300),
    );
  });

  test('of any other form is not read', () => {
    const part = fc.oneof(anything, fc.constantFrom(1, 2, 'isolate', null), fc.array(fc.jsonValue()));
    const record = fc.record(
      { v: part, failing: part, action: part, key: part, by: part, from: part },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.json(),
          record.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const view = readView(text);
          for (const key of view ?? []) expect(typeof key).toBe('string');
          const change = readChange(text);
          if (change) expect(Object.values(change).every((value) => typeof value === 'string')).toBe(true);
        },
      ),
      runs(1000),
    );
  });
});

describe('Retry-After', () => {
  test('is never negative, nor no number', () => {
    const near = soup('1|0|-|.|Wed, |21 Oct |2015 |07:28:00 |GMT| |e9');
    fc.assert(
      fc.property(fc.oneof(near, anything, fc.double(), fc.jsonValue()), (field) => {
        const ms = retryAfterMs(field);
        if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0);
      }),
      runs(2000),
    );
  });

  test('in seconds, and as a date, is the time that it says', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), (seconds) => {
        expect(retryAfterMs(String(seconds))).toBe(seconds * 1000);
        const at = Math.floor(Date.now() / 1000) + (seconds % 1_000_000);
        const ms = retryAfterMs(new Date(at * 1000).toUTCString());
        expect(Math.abs((ms ?? -1e9) - (at * 1000 - Date.now()))).toBeLessThan(2000);
      }),
      runs(300),
    );
  });
});

describe('request targets', () => {
  const target = fc.oneof(anything, soup('http|s|://|a|[::1]|:80|/|?|#|@|%2e|..|*|,|HTTP'));

  test('have a path that ends before the query, and a host that is one', () => {
    fc.assert(
      fc.property(target, (given) => {
        expect(pathOf(given)).not.toContain('?');
        expect(originForm(originForm(given))).toBe(originForm(given));
        const host = hostInTarget(given);
        if (host !== undefined) expect(isHost(host)).toBe(true);
      }),
      runs(1000),
    );
  });

  test('that are not ambiguous mean the same to URL', () => {
    fc.assert(
      fc.property(
        soup('/|.|%2e|%2E|%2f|a|;|%|%41|~|\\|%5C|+').map((rest) => `/${rest}`),
        (path) => {
          fc.pre(!isAmbiguousPath(path) && !path.startsWith('//'));
          expect(new URL(`http://a${path}`).pathname).toBe(path);
        },
      ),
      runs(1000),
    );
  });

  test('lead to the service with the longest prefix on whole segments', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', 'ab', '', '__proto__', '%61'), { maxLength: 4 });
    const path = segments.map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(
          path.filter((each) => each === '/' || !each.endsWith('/')),
          { maxLength: 6 },
        ),
        path,
        (prefixes, given) => {
          const table = new RouteTable(prefixes.map((prefix) => ({ path: prefix }) as Service));
          const below = prefixes.filter(
            (each) => each === '/' || given === each || given.startsWith(`${each}/`),
          );
          const longest = below.sort((one, other) => other.length - one.length)[0];
          expect(table.match(given)?.service.path).toBe(longest);
        },
      ),
      runs(1000),
    );
  });
});
