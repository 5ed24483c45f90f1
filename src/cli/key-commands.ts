import type { Command } from 'commander';
import { CliError } from './cli-error.js';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { createKey, type KeyFlags, listKeys, revokeKey, rotateKey } from './keys.js';

interface CreateFlags extends KeyFlags {
  readonly name?: string;
  readonly owner?: string;
  readonly tier?: string;
  readonly permissions?: string;
  readonly expiresInDays?: string;
}

/** Adds `gatewright keys` and what is below it. */
export function addKeyCommands(program: Command, around: Surroundings, finish: (code: number) => void): void {
  const keys = program.command('keys').description('make, list, revoke and rotate API keys');
  const command = (name: string, description: string): Command =>
    keys
      .command(name)
      .description(description)
      .option('--redis-url <url>', 'Redis that keys are kept in')
      .option('--config-file <file>', 'configuration that says where keys are kept');

  command('create', 'make a key, and show it once')
    .option('--name <name>', 'for people')
    .option('--owner <owner>', 'whom it belongs to')
    .option('--tier <tier>', 'default free')
    .option('--permissions <list>', 'such as kgot:query,metrics:read')
    .option('--expires-in-days <number>', 'default: never')
    .action(async (_flags, from: Command) => {
      const flags = from.optsWithGlobals<CreateFlags>();
      const { name, owner, tier, permissions, expiresInDays } = flags;
      const wanted = {
        name,
        owner,
        tier,
        permissions: permissions?.split(',').map((each) => each.trim()),
        expiresInDays: numberOf('--expires-in-days', expiresInDays),
      };
      finish(await createKey(wanted, flags, around));
    });

  command('list', 'list keys, revoked ones too').action(async (_flags, from: Command) => {
    finish(await listKeys(from.optsWithGlobals(), around));
  });

  command('revoke', 'revoke a key for good, everywhere')
    .argument('<id>')
    .action(async (id: string, _flags, from: Command) => {
      finish(await revokeKey(id, from.optsWithGlobals(), around));
    });

  command('rotate', 'give a key a new secret, and show it once')
    .argument('<id>')
    .option('--grace-seconds <number>', 'how long the former one works (default 86400)')
    .action(async (id: string, _flags, from: Command) => {
      const { graceSeconds, ...flags } = from.optsWithGlobals<KeyFlags & { graceSeconds?: string }>();
      const grace = numberOf('--grace-seconds', graceSeconds);
      finish(await rotateKey(id, { ...flags, graceSeconds: grace }, around));
    });
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new CliError(`${flag} must be a number, got ${JSON.stringify(text)}.`, exitCode.wrongConfiguration);
}
