import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { gatewayOf, upstream } from '../gateway/support.js';
import { cleanup, serve } from '../helpers.js';

export const adminKey = 'an-administrator-key-of-the-tests';
const secret = 'a-secret-of-32-bytes-or-more-for-tests';

/** A gateway that reads every field that there is to read. */
export async function reading() {
  const { url, requests } = await upstream();
  const gateway = gatewayOf({
    services: { '/api/kgot': url },
    trustProxy: true,
    cors: { origins: ['https://app.example.com'] },
    rateLimit: { perAddress: { requests: 1_000_000_000, windowMs: 60_000 } },
    authenticate: {
      adminKey,
      lockout: false,
      jwt: { secret, algorithms: ['HS256'] },
      hmac: { keys: { alice: { secret } } },
      origins: ['https://app.example.com'],
      anonymous: { paths: ['/api/kgot/public'] },
    },
  });
  const { port } = await serve(gateway.listener);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(() => agent.destroy());
  const ask = async (path: string, headers: Record<string, string>, method = 'GET') => {
    const res = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, method, agent }, resolve).once('error', reject).end();
    });
    return { status: res.statusCode ?? 0, headers: res.headers, body: await text(res) };
  };
  return { ask, requests };
}
