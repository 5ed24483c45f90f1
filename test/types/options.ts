// Checked by `npm run types`: options are complete and refuse typos. Nothing here is run.
import {
  addressLimit,
  analytics,
  audit,
  authenticate,
  bulkhead,
  circuitBreaker,
  createGateway,
  type GatewayOptions,
  proxyRouter,
  rateLimit,
  startGateway,
} from 'gatewright';

const services = { '/api/kgot': 'http://localhost:1' };

/** The example of the design, as far as code and file are one. */
const complete: GatewayOptions = {
  services: {
    ...services,
    '/api/alita': {
      name: 'alita',
      targets: ['http://localhost:1', { url: 'http://localhost:2', weight: 2 }],
      loadBalancing: 'adaptive',
      healthCheck: { path: '/health', intervalMs: 5000 },
      timeouts: { connectMs: 2000, firstByteMs: 120_000, idleMs: 300_000 },
      cost: 0.002,
      permissions: ['kgot:query'],
    },
  },
  redis: 'redis://localhost:6379',
  trustProxy: 'loopback',
  cors: { origins: ['*'] },
  authenticate: {
    apiKeys: {},
    jwt: { secret: 'x', algorithms: ['HS256'] },
    anonymous: { paths: ['/api/kgot/public'] },
  },
  rateLimit: { tiers: { free: { requestsPerMinute: 10, costLimitPerHour: 1 } } },
  circuitBreaker: { failureRatio: 0.5, windowMs: 10_000, minimumRequests: 5, halfOpenAfterMs: 10_000 },
  analytics: { alerts: [{ metric: 'error_rate', above: 0.05, forMs: 60_000 }] },
};

createGateway(complete);
createGateway({ services, authenticate: false, rateLimit: false, analytics: false, circuitBreaker: false });

// @ts-expect-error a gateway has services
createGateway({});
// @ts-expect-error `service` is no option: `services`
createGateway({ services, service: {} });
// @ts-expect-error `authenticated` is no option
createGateway({ services, authenticated: {} });
// @ts-expect-error a target is a URL as text, or an object
createGateway({ services: { '/api/kgot': 16_000 } });
// @ts-expect-error `target` is no option: `targets`
createGateway({ services: { '/api/kgot': { target: 'http://localhost:1' } } });
// @ts-expect-error there is no such way of balancing
createGateway({ services: { '/api/kgot': { targets: ['http://localhost:1'], loadBalancing: 'random' } } });
// @ts-expect-error `requestsPerMinutes` is no limit
createGateway({ services, rateLimit: { tiers: { free: { requestsPerMinutes: 10 } } } });
// @ts-expect-error a section is an object or false, and on without being named
createGateway({ services, analytics: true });

// @ts-expect-error `apiKey` is no option: `apiKeys`
authenticate({ apiKey: {} });
// @ts-expect-error a token's algorithms must be said
authenticate({ jwt: { secret: 'x' } });
// @ts-expect-error a token that nobody has signed is never valid
authenticate({ jwt: { secret: 'x', algorithms: ['none'] } });
// @ts-expect-error a list is of paths
authenticate({ anonymous: { paths: '/public' } });

// @ts-expect-error `tier` is no option: `tiers`
rateLimit({ tier: {} });
// @ts-expect-error there is no such policy
rateLimit({ onStoreError: 'closd' });
// @ts-expect-error there is no such algorithm
rateLimit({ algorithm: 'leaky-bucket' });
// @ts-expect-error what an address may send must be said
addressLimit({ requestPerMinute: 1 });

// @ts-expect-error a ratio is a number
circuitBreaker({ failureRatio: '50%' });
// @ts-expect-error `windowMS` is no option: `windowMs`
circuitBreaker({ windowMS: 1 });
// @ts-expect-error `maxConcurent` is no option
bulkhead({ maxConcurent: 1 });
// @ts-expect-error `sink` is no option: `sinks`
analytics({ sink: [] });
// @ts-expect-error an alert is on one of the metrics that there are
analytics({ alerts: [{ metric: 'errors', above: 1 }] });
// @ts-expect-error `sinks` is no option of it: `sink`
audit({ sinkz: {} });
// @ts-expect-error a router has services
proxyRouter({});
// @ts-expect-error a port is a number
startGateway({ ...complete, port: '8080' });
