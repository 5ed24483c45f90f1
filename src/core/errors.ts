import { STATUS_CODES } from 'node:http';
import type { Dimension } from './dimensions.js';

/** What every refusal carries beside its class. */
export interface GatewayErrorInit {
  readonly status: number;
  readonly code: string;
  /** The JSON body of the answer, in the documented shape. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Header fields of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The id of the API key that was presented, where it is known. For the audit log, never sent to a client. */
  readonly keyId?: string | undefined;
  /** What went wrong underneath. Never sent to a client. */
  readonly cause?: unknown;
}

/**
 * A request that gatewright does not let through. `status` and `headers` are honoured by Express's error
 * handling; match on `code`, which is stable and documented in docs/errors.md.
 */
export class GatewayError extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly keyId: string | undefined;

  constructor(init: GatewayErrorInit) {
    // Where a refusal is made says nothing that its code does not, and finding it out costs more than the rest of it.
    const { stackTraceLimit } = Error;
    Reflect.set(Error, 'stackTraceLimit', 0);
    super(STATUS_CODES[init.status] ?? 'Error', init.cause === undefined ? undefined : { cause: init.cause });
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    this.status = init.status;
    this.code = init.code;
    this.body = init.body;
    this.headers = init.headers ?? {};
    this.keyId = init.keyId;
  }

  override get name(): string {
    return 'GatewayError';
  }
}

/** 400: the request can be read in two ways, or cannot be read at all. */
export class BadRequestError extends GatewayError {
  constructor(message: string, headers: Readonly<Record<string, string>> = {}) {
    super({ status: 400, code: 'ERR_GATEWAY_BAD_REQUEST', body: { error: 'Bad request', message }, headers });
  }
}

/** 401: no credential, or one that is not valid (RFC 9110, section 15.5.2). */
export class AuthenticationError extends GatewayError {
  constructor(message: string, challenge: string, keyId?: string) {
    super({
      status: 401,
      code: 'ERR_GATEWAY_AUTHENTICATION_FAILED',
      body: { error: 'Authentication failed', message },
      headers: { 'WWW-Authenticate': challenge },
      keyId,
    });
  }
}

/** 403: a valid credential without a permission that is needed. */
export class PermissionError extends GatewayError {
  constructor(message: string, required: readonly string[], keyId?: string) {
    super({
      status: 403,
      code: 'ERR_GATEWAY_PERMISSION_DENIED',
      body: { error: 'Permission denied', message, required },
      keyId,
    });
  }
}

/** 404: no service and no endpoint has this path. */
export class NotFoundError extends GatewayError {
  constructor() {
    super({ status: 404, code: 'ERR_GATEWAY_NOT_FOUND', body: { error: 'Not found' } });
  }
}

/** 405: an endpoint of the gateway has no such method (RFC 9110, section 15.5.6). */
export class MethodNotAllowedError extends GatewayError {
  constructor(allowed: string) {
    super({
      status: 405,
      code: 'ERR_GATEWAY_METHOD_NOT_ALLOWED',
      body: { error: 'Method not allowed' },
      headers: { Allow: allowed },
    });
  }
}

/** 413: the body is longer than allowed. */
export class PayloadTooLargeError extends GatewayError {
  constructor(limitBytes: number) {
    super({
      status: 413,
      code: 'ERR_GATEWAY_PAYLOAD_TOO_LARGE',
      body: { error: 'Payload too large', limit_bytes: limitBytes },
    });
  }
}

/** 429: over a limit (RFC 6585, section 4). */
export class RateLimitError extends GatewayError {
  readonly limitType: Dimension;

  constructor(limitType: Dimension, retryAfterSeconds: number) {
    super({
      status: 429,
      code: 'ERR_GATEWAY_RATE_LIMIT_EXCEEDED',
      body: { error: 'Rate limit exceeded', limit_type: limitType, retry_after: retryAfterSeconds },
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
    this.limitType = limitType;
  }
}

/** 502: the upstream refused the connection, or broke before its headers. */
export class BadGatewayError extends GatewayError {
  constructor(service: string, cause?: unknown) {
    super({
      status: 502,
      code: 'ERR_GATEWAY_BAD_GATEWAY',
      body: { error: 'Bad gateway', service },
      cause,
    });
  }
}

/** 503: the breaker is open, or no target can take the request. */
export class ServiceUnavailableError extends GatewayError {
  constructor(service: string, retryAfterSeconds: number, cause?: unknown) {
    super({
      status: 503,
      code: 'ERR_GATEWAY_SERVICE_UNAVAILABLE',
      body: { error: 'Service temporarily unavailable', service },
      headers: { 'Retry-After': String(retryAfterSeconds) },
      cause,
    });
  }
}

/** 503: as many requests for the service run, and wait, as may. It says nothing about the upstream. */
export class OverloadedError extends GatewayError {
  constructor(service: string, retryAfterSeconds: number) {
    super({
      status: 503,
      code: 'ERR_GATEWAY_OVERLOADED',
      body: { error: 'Service temporarily unavailable', service },
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
  }
}

/** 504: the upstream was too slow. */
export class GatewayTimeoutError extends GatewayError {
  constructor(service: string, cause?: unknown) {
    super({
      status: 504,
      code: 'ERR_GATEWAY_TIMEOUT',
      body: { error: 'Gateway timeout', service },
      cause,
    });
  }
}

/** 500: a function that the user gave (a key, a cost rule, a store) threw. */
export class InternalError extends GatewayError {
  constructor(cause: unknown) {
    super({
      status: 500,
      code: 'ERR_GATEWAY_INTERNAL',
      body: { error: 'Internal server error' },
      cause,
    });
  }
}
