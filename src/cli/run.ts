import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { reportFailure } from './failure.js';
import { createProgram } from './program.js';

/**
 * Runs one command line, such as `['check', 'gateway-config.yaml']`. What goes wrong is reported, and nothing thrown.
 *
 * @returns what the process is to end with
 */
export async function run(args: readonly string[], around: Surroundings): Promise<number> {
  let code: number = exitCode.fine;
  const program = createProgram(around, (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Help and version have been shown, and are thrown as this.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCode.fine;
    const style = { json: args.includes('--json'), debug: args.includes('--debug') };
    return reportFailure(error instanceof CommanderError ? wrongArguments(error) : error, around, style);
  }
}

/** `error: unknown option '--prot'\n(Did you mean --port?)` as one sentence. */
function wrongArguments(error: CommanderError): CliError {
  const [problem = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  const remedy = hint.replace(/^\(|\)$/g, '') || '`gatewright --help` explains the commands.';
  // `keys` alone shows its help on the error output, and says so in brackets.
  const cause = problem.startsWith('(') ? 'a command is missing' : problem;
  return new CliError(`${cause}. ${remedy}`, exitCode.wrongConfiguration, { cause: error });
}
