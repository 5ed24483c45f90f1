export { type AuditMiddleware, audit } from './audit.js';
export type { AuditRecord, AuditType } from './audit-record.js';
export type { AuditOptions, AuditSink } from './options.js';
