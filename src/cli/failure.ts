import { ConfigError } from '../core/config-error.js';
import { CliError } from './cli-error.js';
import { type ConfigProblem, problemLine } from './config-problem.js';
import type { Surroundings } from './console.js';
import { exitCode } from './exit-code.js';
import { redactText } from './redact.js';

/** How a failure is shown. */
export interface FailureStyle {
  readonly json?: boolean | undefined;
  /** Shows the stack. */
  readonly debug?: boolean | undefined;
}

/** Says what went wrong, in a line for each mistake, and gives what the process ends with. */
export function reportFailure(
  error: unknown,
  { stderr }: Pick<Surroundings, 'stderr'>,
  { json, debug }: FailureStyle,
): number {
  const { code, message, problems } = explained(error);
  const stack = debug && error instanceof Error ? error.stack : undefined;
  if (json) {
    stderr.write(`${JSON.stringify({ error: message, exit_code: code, problems, stack })}\n`);
    return code;
  }
  for (const problem of problems) stderr.write(`${problemLine(problem)}\n`);
  stderr.write(`gatewright: ${message}\n`);
  if (stack) stderr.write(`${stack}\n`);
  return code;
}

interface Explained {
  readonly code: number;
  readonly message: string;
  readonly problems: readonly ConfigProblem[];
}

function explained(error: unknown): Explained {
  if (error instanceof CliError)
    return { code: error.exitCode, message: error.message, problems: error.problems };
  const message = redactText(error instanceof Error ? error.message : String(error));
  if (error instanceof ConfigError)
    return { code: exitCode.wrongConfiguration, message: error.problems.join(' '), problems: [] };
  // By its code: the class may come from another copy of the package.
  if ((error as { code?: unknown } | undefined)?.code === 'ERR_GATEWAY_LISTEN')
    return { code: exitCode.cannotListen, message, problems: [] };
  return {
    code: exitCode.unexpected,
    message: `${message.split('\n', 1)[0]}. This should not happen: run it again with --debug, and report what it says.`,
    problems: [],
  };
}
