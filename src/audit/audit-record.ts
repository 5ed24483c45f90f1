import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import type { GatewayError } from '../core/errors.js';
import { pathOf } from '../core/path.js';

/** What an audit record is about. */
export type AuditType = 'authentication' | 'authorization' | 'rate_limit' | 'api_key' | 'circuit_breaker';

/**
 * One security event: who, what, from where, and what was decided. It never has a secret, a token or a key in it, nor
 * a query, which may hold one.
 */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: AuditType;
  /** What was decided or done, such as `denied`, `allowed`, `revoked`, `open`. */
  readonly decision: string;
  /** The error's code, or what changed. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  /** `key:<id>`, `jwt:<issuer>:<sub>`, `ip:<address>`… */
  readonly subject?: string | undefined;
  /** How the subject proved itself. */
  readonly method?: string | undefined;
  readonly clientIp?: string | undefined;
  /** The request's method and path. */
  readonly request?: string | undefined;
  readonly service?: string | undefined;
  readonly status?: number | undefined;
  readonly keyId?: string | undefined;
  /** Permissions that were lacking. */
  readonly required?: readonly string[] | undefined;
}

/** Codes of refusals that are security events. */
const types: Readonly<Record<string, AuditType>> = {
  ERR_GATEWAY_AUTHENTICATION_FAILED: 'authentication',
  ERR_GATEWAY_PERMISSION_DENIED: 'authorization',
  ERR_GATEWAY_RATE_LIMIT_EXCEEDED: 'rate_limit',
};

/** What is recorded of a request that has ended; undefined where there is nothing to record. */
export function requestRecord(
  req: IncomingMessage,
  context: GatewayContext,
  path: string,
  successes: boolean,
): AuditRecord | undefined {
  const { refusal, identity } = context;
  const type = refusal ? types[refusal.code] : identity && successes ? 'authentication' : undefined;
  if (type === undefined) return undefined;
  return {
    time: isoNow(),
    type,
    decision: refusal ? 'denied' : 'allowed',
    reason: refusal && reasonOf(refusal),
    requestId: context.id,
    subject: context.subject,
    method: identity?.method,
    clientIp: context.clientIp,
    request: `${req.method} ${path}`,
    service: context.service?.name,
    status: context.outcome.status,
    keyId: identity?.keyId ?? refusal?.keyId,
    required: refusal && requiredIn(refusal),
  };
}

let saidAt = Number.NaN;
let said = '';

/** The time as ISO 8601 in UTC. Where many are refused, several in one millisecond, which has one text. */
export function isoNow(): string {
  const now = Date.now();
  if (now !== saidAt) {
    saidAt = now;
    said = new Date(now).toISOString();
  }
  return said;
}

/** The path as it came, before anything on its way could change it; without its query. */
export function auditedPath(req: IncomingMessage): string {
  return pathOf(req.url ?? '/').slice(0, 512);
}

function requiredIn({ body }: GatewayError): readonly string[] | undefined {
  const required = body['required'] as readonly string[] | undefined;
  return required?.length ? required : undefined;
}

function reasonOf({ code, body }: GatewayError): string {
  const detail = body['limit_type'] ?? body['message'];
  return detail === undefined ? code : `${code}: ${detail}`;
}
