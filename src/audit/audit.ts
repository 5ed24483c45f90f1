import type { IncomingMessage, ServerResponse } from 'node:http';
import { compileTrustProxy } from '../core/client-ip.js';
import { contextOf } from '../core/context.js';
import type { ApiKeyEvent, BreakerEvent } from '../core/events.js';
import { silentLogger } from '../core/logger.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { isThenable } from '../core/thenable.js';
import { type AuditRecord, auditedPath, isoNow, requestRecord } from './audit-record.js';
import { type AuditOptions, auditSchema } from './options.js';

/** What `audit()` returns. */
export interface AuditMiddleware extends Middleware {
  /** Hears of other parts of a gateway no more. */
  close(): void;
}

/**
 * Records security events: who was refused what, and why; changes of API keys; breakers that open and close. It goes
 * in front of what it is to record. Records go to a sink of yours, by default the logger, and have no secrets in them.
 *
 * @throws ConfigError for wrong options
 */
export function audit(options: AuditOptions = {}): AuditMiddleware {
  const config = checkOptions('audit', auditSchema, options);
  const { events, successes, logger = silentLogger } = config;
  const addresses = compileTrustProxy(config.trustProxy);
  const sink = config.sink ?? { write: (record: AuditRecord) => logger.info('audit', { ...record }) };

  function write(record: AuditRecord): void {
    const failed = (error: unknown): void =>
      logger.error('An audit record could not be written', { error: String(error), record });
    try {
      const written: unknown = sink.write(record);
      if (isThenable(written)) written.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  const keyChanged = ({ action, keyId, by }: ApiKeyEvent): void =>
    write({ time: isoNow(), type: 'api_key', decision: action, subject: by, keyId });
  const breakerChanged = ({ key, from, to, by: subject }: BreakerEvent): void =>
    write({
      time: isoNow(),
      type: 'circuit_breaker',
      decision: to,
      reason: `was ${from}`,
      subject,
      service: key,
    });
  events?.on('apiKey', keyChanged).on('breaker', breakerChanged);

  function auditMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res, addresses);
    const path = auditedPath(req);
    context.outcome.onEnd(() => {
      const record = requestRecord(req, context, path, successes);
      if (record) write(record);
    });
    next();
  }

  return Object.assign(auditMiddleware, {
    close: () => void events?.off('apiKey', keyChanged).off('breaker', breakerChanged),
  });
}
