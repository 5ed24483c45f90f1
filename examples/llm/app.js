import { createGateway } from 'gatewright';

/**
 * A gateway in front of a language model: clients have keys of the gateway, and dollars to spend by their tier.
 *
 * @param {string} model where it is, such as `http://127.0.0.1:16000`
 * @param {string} providerKey the key that goes upstream in place of the client's
 */
export function createLlmGateway(model, providerKey) {
  return createGateway({
    rateLimit: {
      tiers: {
        free: { requestsPerMinute: 20, costLimitPerHour: 0.05, concurrentRequests: 2 },
        premium: { requestsPerMinute: 300, costLimitPerHour: 5, concurrentRequests: 20 },
      },
    },
    services: {
      '/v1': {
        name: 'llm',
        targets: [model],
        stripPrefix: false,
        maxBodyBytes: 1_048_576,
        timeouts: { firstByteMs: 300_000, idleMs: 60_000 },
        retries: false, // a completion is not paid for twice
        headers: { request: { set: { Authorization: `Bearer ${providerKey}` } } },
        cost: {
          // Held back while a request runs; then what the model says is charged.
          rules: [{ methods: ['POST'], path: '/chat/completions', estimated: 0.02 }],
          header: 'X-Request-Cost',
          keepHeader: true,
        },
      },
    },
  });
}
