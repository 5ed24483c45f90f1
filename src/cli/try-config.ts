import { ConfigError } from '../core/config-error.js';
import { silentLogger } from '../core/logger.js';
import { createGateway } from '../gateway/index.js';
import { readCertificates } from '../server/certificates.js';
import type { ConfigProblem } from './config-problem.js';
import type { LoadedConfig } from './load-config.js';
import { locate } from './locate.js';

/** Nobody is there, and says so at once: a check asks no Redis. */
const NOBODY = 'redis://127.0.0.1:1';

/** Finds what a schema cannot: two services of one name, an address that is none, a certificate that is over. */
export async function tryConfig({ options, tls, origins }: LoadedConfig): Promise<ConfigProblem[]> {
  const { host: _host, port: _port, server: _server, ...own } = options;
  const problems: ConfigProblem[] = [];
  const collect = (error: unknown): void => {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.details.map((mistake) => locate(mistake, origins)));
  };
  try {
    const redis = own.redis === undefined ? {} : { redis: NOBODY };
    await createGateway({ ...own, ...redis, logger: silentLogger }).close();
  } catch (error) {
    collect(error);
  }
  try {
    if (tls) readCertificates(tls);
  } catch (error) {
    collect(error);
  }
  return problems;
}
