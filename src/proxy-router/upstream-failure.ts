import type { UpstreamFailure } from '../core/context.js';
import { UpstreamTimeout } from './transport.js';

const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENOENT']);

/** What a metric calls a failure. */
export function failureOf(cause: Error): UpstreamFailure {
  if (cause instanceof UpstreamTimeout) return `${cause.phase}_timeout`;
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined && unreachable.has(code)) return 'unreachable';
  return code?.startsWith('HPE_') ? 'invalid' : 'broken';
}
