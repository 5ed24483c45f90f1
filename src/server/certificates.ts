import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, type Stats, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError } from '../core/config-error.js';
import type { Logger } from '../core/logger.js';
import type { ResolvedTls } from './options.js';

/** What can hold PEM, by the option that says where it is. */
type Part = 'cert' | 'key' | 'clientCa';

const parts: readonly Part[] = ['cert', 'key', 'clientCa'];

/**
 * The certificate, the key and the authority of clients, read from files where the options name some.
 *
 * @throws ConfigError for a file that cannot be read, what is no PEM, a key that is not the certificate's, and a
 * certificate that is not valid any more, or yet
 */
export function readCertificates(options: ResolvedTls): SecureContextOptions {
  const cert = pemOf(options, 'cert') as string;
  const key = pemOf(options, 'key') as string;
  const ca = pemOf(options, 'clientCa');
  const { passphrase } = options;
  const certificate = attempt('cert', 'is no certificate', () => new X509Certificate(cert));
  const privateKey = attempt('key', 'is no key, or its passphrase is wrong', () =>
    createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }),
  );
  if (!certificate.checkPrivateKey(privateKey))
    refuse('key', 'is not the key of the certificate. Give both of one pair.');
  const now = Date.now();
  if (Date.parse(certificate.validTo) < now)
    refuse('cert', `is not valid any more: it ended on ${certificate.validTo}. Renew it.`);
  if (Date.parse(certificate.validFrom) > now)
    refuse('cert', `is not valid yet: it begins on ${certificate.validFrom}. Is the clock right?`);
  if (ca !== undefined) attempt('clientCa', 'is no certificate', () => new X509Certificate(ca));
  const context = {
    cert,
    key,
    ...(passphrase !== undefined && { passphrase }),
    ...(ca !== undefined && { ca }),
  };
  attempt('cert', 'cannot be used: it, or its key, is too weak, or the chain is broken', () =>
    createSecureContext(context),
  );
  return context;
}

/** Looks at the files now and then, and hands new certificates over. Wrong ones are logged, and the old ones stay. */
export function watchCertificates(
  options: ResolvedTls,
  logger: Logger,
  take: (certificates: SecureContextOptions) => void,
): { reload(): void; close(): void } {
  const files = parts
    .map((part) => options[part])
    .filter((value) => value !== undefined && isPath(value)) as string[];
  const reload = (): void => {
    try {
      take(readCertificates(options));
      logger.info('Certificates were read anew');
    } catch (error) {
      logger.error('New certificates are not used', { error: (error as Error).message });
    }
  };
  const changed = (now: Stats, before: Stats): void => {
    if (now.mtimeMs !== before.mtimeMs && now.mtimeMs > 0) reload();
  };
  if (options.reloadMs > 0)
    for (const file of files) watchFile(file, { interval: options.reloadMs, persistent: false }, changed);
  return {
    reload,
    close() {
      for (const file of files) unwatchFile(file, changed);
    },
  };
}

function pemOf(options: ResolvedTls, part: Part): string | undefined {
  const value = options[part];
  if (value === undefined || !isPath(value)) return value;
  try {
    return readFileSync(value, 'utf8');
  } catch (cause) {
    return refuse(
      part,
      `cannot be read from ${shownPath(value)} (${(cause as NodeJS.ErrnoException).code}).`,
    );
  }
}

/** A key that is no PEM would be taken for a path, and must not be shown. */
function shownPath(value: string): string {
  return value.length < 256 && /^[~./]|^\w:|[.][a-z]{2,5}$/i.test(value)
    ? JSON.stringify(value)
    : 'what is given';
}

function isPath(value: string): boolean {
  return !value.includes('-----BEGIN');
}

function attempt<Value>(part: Part, problem: string, read: () => Value): Value {
  try {
    return read();
  } catch {
    return refuse(part, `${problem}. Give PEM, or the path of a file of it.`);
  }
}

function refuse(part: Part, problem: string): never {
  throw new ConfigError([`\`server.tls.${part}\` ${problem}`]);
}
