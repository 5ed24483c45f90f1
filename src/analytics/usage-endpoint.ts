import type { IncomingMessage, ServerResponse } from 'node:http';
import Negotiator from 'negotiator';
import { ConfigError } from '../core/config-error.js';
import { BadRequestError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { usageCsv } from './usage-csv.js';
import { usageQuerySchema } from './usage-query-options.js';
import type { UsageQuery, UsageReport } from './usage-report.js';

const JSON_TYPE = 'application/json';
const CSV_TYPE = 'text/csv';

/** Answers who used what. */
export type UsageEndpoint = (
  req: IncomingMessage,
  res: ServerResponse,
  /** The only subject that is shown, whatever the query says. Default: all. */
  subject?: string,
) => Promise<void>;

/**
 * Answers with usage as JSON, or as CSV where the query or `Accept` says so, in pages.
 *
 * @throws BadRequestError for a wrong query
 */
export function usageEndpoint(usage: (query: UsageQuery) => Promise<UsageReport>): UsageEndpoint {
  return async function answerUsage(req, res, subject) {
    const { limit, cursor, format, ...query } = queryOf(req);
    // A framework hands on what comes next in its place.
    const report = await usage(typeof subject === 'string' ? { ...query, subject } : query);
    const page = report.usage.slice(cursor, cursor + limit);
    const next = cursor + limit < report.usage.length ? String(cursor + limit) : null;
    const preferred = new Negotiator(req).mediaType([JSON_TYPE, CSV_TYPE]);
    res.appendHeader('Vary', 'Accept');
    if (format === 'csv' || (format === undefined && preferred === CSV_TYPE)) {
      if (next !== null) res.setHeader('Link', `<?${nextQuery(req, next)}>; rel="next"`);
      send(res, CSV_TYPE, usageCsv(page, report.group_by));
    } else {
      send(res, JSON_TYPE, JSON.stringify({ ...report, usage: page, next_cursor: next }));
    }
  };
}

function queryOf(req: IncomingMessage) {
  const given = new URLSearchParams((req.url ?? '').split('?')[1]);
  for (const name of given.keys()) {
    if (given.getAll(name).length > 1) throw new BadRequestError(`\`${name.slice(0, 64)}\` is given twice.`);
  }
  try {
    return checkOptions('', usageQuerySchema, Object.fromEntries(given));
  } catch (error) {
    throw error instanceof ConfigError ? new BadRequestError(error.problems.join(' ')) : error;
  }
}

/** RFC 8288: where the next page is, relative to this one. */
function nextQuery(req: IncomingMessage, cursor: string): string {
  const query = new URLSearchParams((req.url ?? '').split('?')[1]);
  query.set('cursor', cursor);
  return query.toString();
}

function send(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  res.end(body);
}
