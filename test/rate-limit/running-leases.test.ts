import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RunningLeases } from '../../src/rate-limit/running-leases.js';

test('leases come and go as in a set', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 200 }), (steps) => {
      const all = Array.from({ length: 21 }, (_, id) => ({ id, place: -1 }));
      const set = new Set<(typeof all)[number]>();
      const running = new RunningLeases<(typeof all)[number]>();
      for (const [adds, id] of steps) {
        const lease = all[id] as (typeof all)[number];
        if (!adds) {
          running.delete(lease);
          set.delete(lease);
        } else if (!set.has(lease)) {
          running.add(lease);
          set.add(lease);
        }
        expect(new Set(running)).toEqual(set);
        expect([...running]).toHaveLength(set.size);
      }
    }),
  );
});
