import { saneCost } from './event-cost.js';
import type { RequestEvent } from './request-event.js';

/** A request event as sinks write it, in JSON. What is unknown is null. */
export interface EventRecord {
  /** ISO 8601, UTC: when the request ended. */
  readonly timestamp: string;
  readonly request_id: string;
  readonly service: string;
  readonly tier: string;
  readonly subject: string;
  readonly method: string;
  readonly status: number;
  readonly duration_ms: number;
  readonly time_to_first_byte_ms: number | null;
  readonly upstream_ms: number | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Dollars. */
  readonly cost: number;
  /** `finished`, `aborted` or `failed`. */
  readonly ending: string;
  /** The error code of a refusal. */
  readonly refusal: string | null;
  readonly limit_type: string | null;
  readonly limit_enforced: boolean;
  readonly retries: number;
  readonly upstream_failure: string | null;
  readonly degraded: { readonly service: string; readonly by: string } | null;
  readonly web_socket: {
    readonly bytes_received: number;
    readonly bytes_sent: number;
    readonly end: string | null;
  } | null;
}

/** Gives an event the form in which every sink writes it. */
export function eventRecord(event: RequestEvent): EventRecord {
  const { webSocket } = event;
  return {
    timestamp: new Date(event.timestamp).toISOString(),
    request_id: event.id,
    service: event.service,
    tier: event.tier,
    subject: event.subject,
    method: event.method,
    status: event.status,
    duration_ms: rounded(event.durationMs),
    time_to_first_byte_ms: rounded(event.timeToFirstByteMs),
    upstream_ms: rounded(event.upstreamMs),
    bytes_in: event.bytesIn,
    bytes_out: event.bytesOut,
    cost: saneCost(event.cost),
    ending: event.ending,
    refusal: event.refusal ?? null,
    limit_type: event.limitType ?? null,
    limit_enforced: event.limitEnforced,
    retries: event.retries,
    upstream_failure: event.upstreamFailure ?? null,
    degraded: event.degraded ?? null,
    web_socket: webSocket
      ? {
          bytes_received: webSocket.bytesReceived,
          bytes_sent: webSocket.bytesSent,
          end: webSocket.end ?? null,
        }
      : null,
  };
}

/** To the microsecond: what is finer is noise, and makes long lines. */
function rounded(ms: number): number;
function rounded(ms: number | undefined): number | null;
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}
