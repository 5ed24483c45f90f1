import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parametersOf, withoutParameters } from '../../src/authenticate/query.js';

const part = fc.string({ unit: fc.constantFrom(...'ab=?/%20+;:@!~.,é') });

test('what is left of a query is as it was, and in its order', () => {
  fc.assert(
    fc.property(
      fc.array(part),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('t=1', 't=2'))),
      (kept, taken) => {
        const others = kept.filter((each) => each !== 't=1' && each !== 't=2');
        const all = [...others];
        for (const [at, parameter] of taken) all.splice(at % (all.length + 1), 0, parameter);
        const rest = others.length > 0 ? `/x?${others.join('&')}` : '/x';
        fc.pre(all.length > 0);
        expect(withoutParameters(`/x?${all.join('&')}`, ['t=1', 't=2'])).toBe(rest);
      },
    ),
  );
});

test('a URL without a query has no parameters to lose', () => {
  expect(parametersOf('/x')).toEqual([]);
  expect(withoutParameters('/x', ['x'])).toBe('/x');
});
