import { z } from 'zod';
import type { UsageGroup } from './usage-report.js';

/** How many lines a page has at most. */
const MOST_LINES = 1000;

const day = z
  .string()
  .refine((value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && isDay(value), 'must be a day such as "2024-01-31"');
const name = z.string().min(1).max(512);

/** Not one that `Date` would move into the next month. */
function isDay(value: string): boolean {
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

/** The query of `GET /api/usage`, each parameter as text. */
export const usageQuerySchema = z
  .strictObject({
    from: day.optional(),
    to: day.optional(),
    by: z
      .string()
      .regex(
        /^(?:day|subject|tier|service)(?:,(?:day|subject|tier|service)){0,3}$/,
        'must be `day`, `subject`, `tier` or `service`, or several of them with commas between',
      )
      .transform((value) => value.split(',') as UsageGroup[])
      .refine((groups) => new Set(groups).size === groups.length, 'must not name a group twice')
      .optional(),
    subject: name.optional(),
    tier: name.optional(),
    service: name.optional(),
    scope: z.enum(['all', 'local']).optional(),
    format: z.enum(['json', 'csv']).optional(),
    limit: z.coerce.number().int().min(1).max(MOST_LINES).default(100),
    cursor: z.coerce.number().int().nonnegative().default(0),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    error: 'must not be before `from`',
  });
