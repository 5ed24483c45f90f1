import type { ConfigPath } from './config-path.js';

/** A value from a flag or a variable, which goes before the file's. */
export interface Override {
  /** The flag, such as `--port`, or the variable, such as `PORT`. */
  readonly source: string;
  readonly path: ConfigPath;
  readonly value: unknown;
  /** Whether messages must not show the value. */
  readonly isSecret?: boolean;
}

/** What flags can say of the configuration. */
export interface ConfigFlags {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly redisUrl?: string | undefined;
  readonly workers?: string | undefined;
  readonly logLevel?: string | undefined;
}

type Values = Readonly<Record<string, unknown>>;

/** What flags and the environment say. A variable that is empty says nothing, as if it were not set. */
export function overridesOf(
  flags: ConfigFlags,
  env: Readonly<Record<string, string | undefined>>,
  file: unknown,
): Override[] {
  const candidates: readonly Override[] = [
    { source: 'HOST', path: ['host'], value: env['HOST'] },
    { source: 'PORT', path: ['port'], value: numberOf(env['PORT']) },
    { source: 'REDIS_URL', path: ['redis'], value: env['REDIS_URL'], isSecret: true },
    { source: 'LOG_LEVEL', path: ['logging', 'level'], value: env['LOG_LEVEL'] },
    { source: 'ALLOWED_ORIGINS', path: ['cors', 'origins'], value: listOf(env['ALLOWED_ORIGINS']) },
    {
      source: 'GATEWAY_ADMIN_KEY',
      path: ['authenticate', 'adminKey'],
      value: authenticates(file) ? env['GATEWAY_ADMIN_KEY'] : undefined,
      isSecret: true,
    },
    ...jwtFromSecret(env['JWT_SECRET'], file),
    { source: '--host', path: ['host'], value: flags.host },
    { source: '--port', path: ['port'], value: numberOf(flags.port) },
    { source: '--redis-url', path: ['redis'], value: flags.redisUrl, isSecret: true },
    { source: '--workers', path: ['workers'], value: numberOf(flags.workers) },
    { source: '--log-level', path: ['logging', 'level'], value: flags.logLevel },
  ];
  const isFlag = ({ source }: Override): boolean => source.startsWith('--');
  return candidates.filter((each) => each.value !== undefined && (isFlag(each) || each.value !== ''));
}

/** Copies options, with the overrides in them. What is in the way of one and is no section is left for the check. */
export function override(options: unknown, overrides: readonly Override[]): unknown {
  let result = options;
  for (const { path, value } of overrides) result = withValue(result, path, value);
  return result;
}

function withValue(options: unknown, [step, ...rest]: ConfigPath, value: unknown): unknown {
  if (step === undefined) return value;
  // A section that is switched off is switched on by a variable that is about it.
  const section = options === undefined || options === null || options === false ? {} : options;
  if (typeof section !== 'object' || Array.isArray(section)) return section;
  return { ...section, [step]: withValue((section as Record<PropertyKey, unknown>)[step], rest, value) };
}

/** A secret alone says nothing of how tokens are signed: HS256 is what secrets are for. */
function jwtFromSecret(secret: string | undefined, file: unknown): Override[] {
  if (!secret || !authenticates(file) || sectionOf(file)?.['jwt'] !== undefined) return [];
  const source = 'JWT_SECRET';
  return [
    { source, path: ['authenticate', 'jwt', 'secret'], value: secret, isSecret: true },
    { source, path: ['authenticate', 'jwt', 'algorithms'], value: ['HS256'] },
  ];
}

/** Who switched authentication off in a file does not get it back by a variable. */
function authenticates(file: unknown): boolean {
  return (file as Values | undefined)?.['authenticate'] !== false;
}

function sectionOf(file: unknown): Values | undefined {
  const section = (file as Values | undefined)?.['authenticate'];
  return typeof section === 'object' && section !== null ? (section as Values) : undefined;
}

/** What is no number is left as it is, for the check to refuse. */
function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function listOf(text: string | undefined): string[] | undefined {
  const items = (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return items.length > 0 ? items : undefined;
}
