import type { AuditOptions, AuditRecord, CreatedApiKey, GatewayOptions, Logger, NewApiKey } from 'gatewright';
import { adminKey, gatewayOf, upstream } from '../gateway/support.js';
import { type Answer, send, serve } from '../helpers.js';

/** A logger that keeps all that it is told. */
export function keepingLogger() {
  const lines: { level: string; message: string; details: Record<string, unknown> | undefined }[] = [];
  const keep = (level: string) => (message: string, details?: Record<string, unknown>) => {
    lines.push({ level, message, details });
  };
  const logger: Logger = { info: keep('info'), warn: keep('warn'), error: keep('error') };
  return { logger, lines };
}

/** A gateway served directly whose audit records and log lines are kept. */
export async function audited(options: Partial<GatewayOptions> = {}, audit: AuditOptions = {}) {
  const records: AuditRecord[] = [];
  const { logger, lines } = keepingLogger();
  const behind = await upstream((req, res) => {
    res.statusCode = req.url?.startsWith('/broken') ? 500 : 200;
    res.end('from upstream');
  });
  const gateway = gatewayOf({
    services: {
      '/api/kgot': behind.url,
      '/api/closed': { targets: [behind.url], permissions: ['closed:read'] },
    },
    authenticate: { adminKey },
    audit: { sink: { write: (record) => void records.push(record) }, ...audit },
    logger,
    ...options,
  });
  const { url } = await serve(gateway.listener);
  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    send(url, path, { headers });
  const asAdmin = (method: string, path: string, body?: object) =>
    send(url, path, {
      method,
      headers: { 'X-API-Key': adminKey },
      ...(body && { body: JSON.stringify(body) }),
    });
  /** What has been recorded since it was asked last. A record is written before its response has ended. */
  const recorded = (): AuditRecord[] => records.splice(0);
  /** Makes a key, and forgets that it was recorded. */
  const create = async (wanted: NewApiKey = {}): Promise<CreatedApiKey> => {
    const made = await gateway.apiKeys?.create(wanted);
    recorded();
    return made as CreatedApiKey;
  };
  return { url, gateway, get, asAdmin, create, recorded, lines };
}
