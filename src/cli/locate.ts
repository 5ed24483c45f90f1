import type { ConfigMistake } from '../core/config-error.js';
import type { ConfigDocument } from './config-document.js';
import { type ConfigPath, pathKey, pathOfMessage, pathText } from './config-path.js';
import type { ConfigProblem } from './config-problem.js';
import type { Override } from './overrides.js';
import { redactText } from './redact.js';
import type { Resolved } from './references.js';

/** Where options came from. */
export interface Origins {
  /** The file's name, as its user gave it; undefined where there is none. */
  readonly file: string | undefined;
  readonly document: ConfigDocument | undefined;
  readonly references: ReadonlyMap<string, Resolved>;
  readonly overrides: readonly Override[];
}

/** Says where a mistake was made, and takes what is secret out of its message. */
export function locate(mistake: ConfigMistake, origins: Origins): ConfigProblem {
  const path = mistake.path ?? pathOfMessage(mistake.message) ?? [];
  const message = scrubbed(messageOf(mistake, path, origins), origins);
  // Flags come last, and go before variables.
  const override = origins.overrides.findLast(({ path: set }) => set.every((step, at) => step === path[at]));
  if (override) return { source: override.source, message };
  if (origins.file === undefined) return { source: 'configuration', message };
  return {
    source: origins.file,
    ...origins.document?.positionOf(path, isUnknown(mistake) ? 'name' : 'value'),
    message,
  };
}

function messageOf({ message, rule }: ConfigMistake, path: ConfigPath, origins: Origins): string {
  if (rule === undefined || isUnknown({ rule })) return message;
  const name = `\`${pathText(path)}\``;
  if (path.length === 0) return `The configuration must be a map of options, such as \`port: 8080\`.`;
  if (onlyCode.test(rule)) return `${name} can only be given in code: leave it out here.`;
  const received = receivedAt(path, origins) ?? message.slice(`${name} ${rule}, got `.length, -1);
  return `${name} ${rule.replaceAll(orCode, '')}, got ${received}.`;
}

function isUnknown({ rule }: Pick<ConfigMistake, 'rule'>): boolean {
  return rule?.startsWith('unknown option') === true;
}

/** A function, a client or a store. */
const kinds = String.raw`(?:a function|an object with \w+\(\)(?:, \w+\(\))*)`;
const onlyCode = new RegExp(`^must be ${kinds}(?: or ${kinds})*$`);
const orCode = new RegExp(` or (?:must be )?${kinds}`, 'g');

/** What to show in place of a value that may be a secret; undefined where it is none. */
function receivedAt(path: ConfigPath, { references, overrides }: Origins): string | undefined {
  const secret = overrides.findLast((each) => each.isSecret && pathKey(each.path) === pathKey(path));
  if (secret) return `the value of ${secret.source}`;
  const exact = references.get(pathKey(path));
  if (exact?.shown !== undefined) return exact.shown;
  const within = `${pathKey(path).slice(0, -1)},`;
  return [...references.keys()].some((key) => key.startsWith(within)) ? 'what it has there' : undefined;
}

/** Shorter values are not secret, and would be found in the midst of words. */
const SHORTEST_SECRET = 6;

function scrubbed(message: string, { references, overrides }: Origins): string {
  let text = redactText(message);
  for (const { secrets, shown } of references.values())
    for (const secret of secrets) text = without(text, secret, shown ?? '***');
  for (const { isSecret, value, source } of overrides)
    if (isSecret) text = without(text, String(value), `the value of ${source}`);
  return text;
}

function without(text: string, secret: string, shown: string): string {
  return secret.length < SHORTEST_SECRET ? text : text.replaceAll(secret, shown);
}
