import { Command } from 'commander';
import { version } from '../gateway/version.js';
import { check } from './check.js';
import { CliError } from './cli-error.js';
import { completionScript, type Shell, shells } from './completion.js';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { addKeyCommands } from './key-commands.js';
import { configJsonSchema } from './schema-options.js';
import { serve } from './serve.js';
import type { StartFlags } from './start.js';

/** Takes what the process is to end with. */
export type Finish = (code: number) => void;

/** The commands of `gatewright`, and what they do. */
export function createProgram(around: Surroundings, finish: Finish): Command {
  const program = new Command('gatewright')
    .description(
      'An API gateway: authentication, rate limits, cost, circuit breaking, analytics and proxying.',
    )
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .option('--json', 'write JSON, for programs')
    .option('--debug', 'show stacks of errors')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => around.stdout.write(text),
      writeErr: (text) => around.stderr.write(text),
      outputError: () => undefined, // It is reported with all others.
    })
    .addHelpText('after', helpText);

  program
    .command('start', { isDefault: true })
    .description('serve (what `gatewright` alone does)')
    .option('--host <address>', 'address to listen at')
    .option('--port <number>', 'port to listen at (default 8080)')
    .option('--redis-url <url>', 'Redis for all state that replicas share')
    .option('--config-file <file>', 'configuration (default gateway-config.yaml, if it is there)')
    .option('--workers <number>', 'how many processes serve (default 1)')
    .option('--log-level <level>', 'error, warn, info or debug (default info)')
    .allowExcessArguments()
    .action(async (_flags, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) throw unknownCommand(unknown, program);
      finish(await serve(command.optsWithGlobals<StartFlags>(), around));
    });

  program
    .command('check')
    .description('find every mistake in a configuration file, and start nothing')
    .argument('[file]', 'default gateway-config.yaml')
    .action(async (file: string | undefined, _flags, command: Command) => {
      finish(await check(file, command.optsWithGlobals(), around));
    });

  addKeyCommands(program, around, finish);

  program
    .command('schema')
    .description('print the JSON Schema of a configuration file, for editors')
    .action(() => {
      around.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
      finish(exitCode.fine);
    });

  program
    .command('completion')
    .description('print a script that completes commands and flags')
    .argument('<shell>', shells.join(', '))
    .action((shell: string) => {
      if (!shells.includes(shell as Shell))
        throw new CliError(
          `The shell must be ${shells.join(', ')}, got ${JSON.stringify(shell)}.`,
          exitCode.wrongConfiguration,
        );
      around.stdout.write(completionScript(program, shell as Shell));
      finish(exitCode.fine);
    });

  return program;
}

function unknownCommand(name: string, program: Command): CliError {
  const known = program.commands.map((each) => each.name()).join(', ');
  return new CliError(
    `There is no command ${JSON.stringify(name)}. There are: ${known}. \`gatewright --help\` explains them.`,
    exitCode.wrongConfiguration,
  );
}

const helpText = `
Flags of start can be given to gatewright alone:
  gatewright --host 0.0.0.0 --port 8080 --redis-url redis://localhost:6379
  gatewright --config-file gateway-config.yaml

Without a file, six services of /api are served on this machine. A flag goes before a variable, that before the file.

Variables: HOST, PORT, REDIS_URL, JWT_SECRET, ALLOWED_ORIGINS, GATEWAY_ADMIN_KEY, LOG_LEVEL, NO_COLOR.

Signals: SIGTERM and SIGINT drain, a second one ends at once; SIGHUP reads the configuration anew.

Exit codes: 0 fine, 1 unexpected, 2 wrong arguments or configuration, 3 the address cannot be listened at,
4 Redis is needed and cannot be asked, 5 no such API key, 128 and its number for a second signal.
`;
