import type { LoadedConfig } from './load-config.js';

/** Whether nobody can get past authentication, and so nobody reaches a service. */
export function isClosedToAll({ options }: LoadedConfig): boolean {
  const { authenticate, redis, services } = options;
  if (authenticate === false || redis !== undefined) return false;
  const { apiKeys, adminKey, jwt, hmac, anonymous } = authenticate ?? {};
  if (adminKey ?? jwt ?? hmac ?? anonymous) return false;
  if (apiKeys && (apiKeys.keys?.length ?? 0) > 0) return false;
  return !Object.values(services).some(
    (service) => typeof service === 'object' && service.access?.some((rule) => rule.anonymous),
  );
}

/** What to do about it. */
export const firstSteps: readonly string[] = [
  'No API key exists yet, so every service answers 401. Do one of these:',
  '  gatewright keys create                 prints a key, and lines for gateway-config.yaml',
  '  REDIS_URL=redis://localhost:6379       keeps keys in Redis: then make one by `gatewright keys create`',
  '  GATEWAY_ADMIN_KEY=<32 characters>      opens POST /api/auth/api-key to you, which makes keys',
  '  authenticate: false                    in gateway-config.yaml lets everybody in',
];
