import { ConfigError } from '../core/config-error.js';
import { silentLogger } from '../core/logger.js';
import { createGateway } from '../gateway/index.js';
import { readCertificates } from '../server/certificates.js';
import { assertShareable } from '../server/index.js';
import type { ConfigProblem } from './config-problem.js';
import type { LoadedConfig } from './load-config.js';
import { locate } from './locate.js';

/** Nobody is there, and says so at once: a check asks no Redis. */
const NOBODY = 'redis://127.0.0.1:1';

/** Finds what a schema cannot: two services of one name, an address that is none, a certificate that is over. */
export async function tryConfig(config: LoadedConfig): Promise<ConfigProblem[]> {
  const { options, own, tls, origins } = config;
  const problems: ConfigProblem[] = [];
  const attempt = async (action: () => unknown): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.details.map((mistake) => locate(mistake, origins)));
    }
  };
  await attempt(() => {
    const { host: _host, port: _port, server: _server, ...gateway } = options;
    const redis = gateway.redis === undefined ? {} : { redis: NOBODY };
    return createGateway({ ...gateway, ...redis, logger: silentLogger }).close();
  });
  await attempt(() => tls && readCertificates(tls));
  await attempt(() => assertShareable(options, own.workers));
  return problems;
}
