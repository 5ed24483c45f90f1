import { version } from './version.js';

/** `GET /`: what this is, and what it serves. Nothing about where the services are. */
export function describeGateway(services: ReadonlyMap<string, string>) {
  const startedAt = performance.now();
  const list = [...services].map(([name, path]) => ({ name, path }));
  return () => ({
    name: 'gatewright',
    version,
    services: list,
    uptime_seconds: Math.round((performance.now() - startedAt) / 1000),
  });
}
