import { z } from 'zod';
import type { TrustProxy } from '../core/client-ip.js';
import type { GatewayEvents } from '../core/events.js';
import type { Logger } from '../core/logger.js';
import { objectWith, trustProxyOption } from '../core/options.js';
import type { AuditRecord } from './audit-record.js';

/** Where audit records go. A sink that throws is logged and hurts no request. */
export interface AuditSink {
  write(record: AuditRecord): void;
}

/** Options of `audit()`. */
export interface AuditOptions {
  /** Where records go. Default: the logger, at the level `info`. */
  readonly sink?: AuditSink | undefined;
  /** Records requests that were let in too, not only what was refused. Default false. */
  readonly successes?: boolean | undefined;
  /** Gets the records where there is no `sink`, and hears of a sink that throws. Default: silent. */
  readonly logger?: Logger | undefined;
  /** Where changes of keys and breakers are heard. */
  readonly events?: GatewayEvents | undefined;
  /** Which proxies may name the client. Default: none. */
  readonly trustProxy?: TrustProxy | undefined;
}

export const auditSchema = z.strictObject({
  sink: objectWith<AuditSink>('write').optional(),
  successes: z.boolean().default(false),
  logger: objectWith<Logger>('info', 'warn', 'error').optional(),
  events: objectWith<GatewayEvents>('on').optional(),
  trustProxy: trustProxyOption.optional(),
});
