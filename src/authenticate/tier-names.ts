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
  const problems: string[] = [];
  const check = (option: string, tier: string): void => {
    if (names.has(tier)) return;
    problems.push(
      `\`authenticate.jwt.${option}\` must be one of ${[...names].join(', ')} (name others in \`authenticate.tiers\`), got ${JSON.stringify(tier)}.`,
    );
  };
  if (jwt) {
    check('defaultTier', jwt.defaultTier);
    for (const [value, tier] of jwt.tierMap) check(`tierMap[${JSON.stringify(value)}]`, tier);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return names;
}
