import { randomBytes } from 'node:crypto';
import { createGateway } from 'gatewright';
import { startServices } from './services/start-services.js';

/**
 * The demo without a port: six services on free ports, and a gateway in front of them.
 *
 * @param {{ GATEWAY_ADMIN_KEY?: string | undefined, ALLOWED_ORIGINS?: string | undefined }} env
 */
export async function createDemo(env) {
  const given = env.GATEWAY_ADMIN_KEY || undefined;
  const adminKey = given ?? `admin-${randomBytes(24).toString('base64url')}`;
  const { services, close } = await startServices();
  try {
    const gateway = createGateway({
      authenticate: { adminKey, anonymous: { paths: ['/api/monitoring/health'] } },
      cors: env.ALLOWED_ORIGINS
        ? { origins: env.ALLOWED_ORIGINS.split(',').map((origin) => origin.trim()) }
        : false,
      services: { ...services, '/api/kgot': { targets: [services['/api/kgot']], cost: 0.002 } },
    });
    return {
      gateway,
      adminKey,
      /** Whether the key was made here, and so has to be shown. */
      isGenerated: given === undefined,
      close: async () => {
        await gateway.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
