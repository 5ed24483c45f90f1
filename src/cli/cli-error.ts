import type { ConfigProblem } from './config-problem.js';

/** A command cannot do what it should, for a reason that its user can do something about. */
export class CliError extends Error {
  /** What the process ends with. */
  readonly exitCode: number;
  /** Mistakes of a configuration, where there are some. */
  readonly problems: readonly ConfigProblem[];

  /** @param message cause and remedy, in one line */
  constructor(
    message: string,
    exitCode: number,
    { cause, problems = [] }: { cause?: unknown; problems?: readonly ConfigProblem[] } = {},
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.problems = problems;
  }

  override get name(): string {
    return 'CliError';
  }
}
