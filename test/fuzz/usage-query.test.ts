import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adminKey, reading } from './reading.js';
import { PATIENCE_MS, runs, soup } from './support.js';

test(
  'whatever is asked of usage, the query is answered or told why not',
  async () => {
    const { ask } = await reading();
    const value = fc.oneof(
      soup('2024|-|01|31|02|30|day|tier|,|subject|1|0|99999999999999999999|csv|all|e'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const name = fc.constantFrom(
      'from',
      'to',
      'by',
      'subject',
      'tier',
      'service',
      'scope',
      'format',
      'limit',
      'cursor',
      '__proto__',
      'x',
    );
    const query = fc.array(fc.tuple(name, value), { maxLength: 4 }).map((pairs) => {
      // A lone surrogate has no encoding.
      const encoded = pairs.map(
        ([key, text]) => `${key}=${encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, ''))}`,
      );
      return encoded.join('&');
    });
    const csv = (line: string) =>
      expect(line).toMatch(/^("(?:[^"]|"")*"|[^",]*)(,("(?:[^"]|"")*"|[^",]*))*$/);
    await fc.assert(
      fc.asyncProperty(query, async (given) => {
        const answer = await ask(`/api/usage?${given}`, { 'x-api-key': adminKey });
        expect([200, 400]).toContain(answer.status);
        if (answer.headers['content-type']?.includes('csv'))
          for (const line of answer.body.trim().split('\r\n')) csv(line);
        else JSON.parse(answer.body);
        expect(answer.body.length).toBeLessThan(10_000);
      }),
      runs(150),
    );
  },
  PATIENCE_MS,
);
