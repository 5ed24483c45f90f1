import { expect, test } from '@jest/globals';
import { authenticate } from 'gatewright/authenticate';
import { gatewayOf, upstream } from '../gateway/support.js';
import { send, serve } from '../helpers.js';
import { secret, tokenWith } from './jwt-support.js';
import { bare } from './support.js';

const jwt = { secret, algorithms: ['HS256' as const] };
const bearer = (tier: string) => ({ Authorization: `Bearer ${tokenWith({ tier })}` });

test('a token can name a tier that is configured, and one that is not is the default one', async () => {
  const guard = authenticate({ tiers: ['gold', 'free'], jwt });
  const { url } = await serve(bare(guard, (req, res) => res.end(req.gateway?.identity?.tier)));
  for (const [tier, seen] of [
    ['gold', 'gold'],
    ['premium', 'free'],
    ['constructor', 'free'],
  ] as const) {
    expect((await send(url, '/', { headers: bearer(tier) })).body).toBe(seen);
  }
});

test('in a gateway, those are the tiers of its limits', async () => {
  const behind = await upstream();
  const gateway = gatewayOf({
    services: { '/x': behind.url },
    authenticate: { jwt: { ...jwt, defaultTier: 'trial', tierMap: { vip: 'gold' } } },
    rateLimit: { tiers: { gold: { requestsPerMinute: 7 }, trial: { requestsPerMinute: 30 } } },
  });
  const { url } = await serve(gateway.listener);
  for (const [tier, seen, limit] of [
    ['gold', 'gold', 7],
    ['vip', 'gold', 7],
    ['premium', 'premium', 300],
    ['other', 'trial', 30],
  ] as const) {
    const { headers } = await send(url, '/x', { headers: bearer(tier) });
    expect(behind.requests.at(-1)?.headers['x-gateway-tier']).toBe(seen);
    expect(headers['ratelimit-policy']).toContain(`"per_minute";q=${limit};`);
  }
});

test('a tier that there is not is refused where tokens are to have it', () => {
  const known =
    'must be one of free, basic, premium, enterprise, system (name others in `authenticate.tiers`)';
  expect(() => authenticate({ jwt: { ...jwt, defaultTier: 'gold' } })).toThrow(
    `\`authenticate.jwt.defaultTier\` ${known}, got "gold".`,
  );
  expect(() => authenticate({ jwt: { ...jwt, tierMap: { vip: 'gold' } } })).toThrow(
    `\`authenticate.jwt.tierMap["vip"]\` ${known}, got "gold".`,
  );
  const tierMap = { vip: 'gold' };
  expect(() => authenticate({ tiers: ['gold', 'free'], jwt: { ...jwt, tierMap } })).not.toThrow();
});
