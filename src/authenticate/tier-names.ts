import { ConfigError } from '../core/config-error.js';
import { defaultTiers } from '../core/tiers.js';
import type { ResolvedAuthenticate } from './options.js';

/**
 * The tiers that a token can name.
 *
 * @throws ConfigError where `jwt` is to give a tier that there is not
 */
export function tierNames({ tiers, jwt }: Pick<ResolvedAuthenticate, 'tiers' | 'jwt'>): ReadonlySet<string> {
  const names = new Set(tiers ?? Object.keys(defaultTiers));
  const given: [string, string][] = jwt
    ? [
        ['defaultTier', jwt.defaultTier],
        ...[...jwt.tierMap].map(([value, tier]): [string, string] => [
          `tierMap[${JSON.stringify(value)}]`,
          tier,
        ]),
      ]
    : [];
  const unknown = given.filter(([, tier]) => !names.has(tier));
  if (unknown.length === 0) return names;
  const rule = `must be one of ${[...names].join(', ')} (name others in \`authenticate.tiers\`)`;
  throw new ConfigError(
    unknown.map(([option, tier]) => `\`authenticate.jwt.${option}\` ${rule}, got ${JSON.stringify(tier)}.`),
  );
}
