/** One mistake in options. */
export interface ConfigMistake {
  /** Path, rule, value received and remedy. */
  readonly message: string;
  /** The keys and indexes that lead to the option. Undefined where the mistake is not about one. */
  readonly path?: readonly PropertyKey[] | undefined;
  /** What is wrong, without the value received. Undefined where the message does not part them. */
  readonly rule?: string | undefined;
}

/**
 * Wrong options: thrown when a factory is called, never at a request. Each problem names the option's path,
 * the rule, the value received and the remedy.
 */
export class ConfigError extends Error {
  /** Stable; documented in docs/errors.md. */
  readonly code = 'ERR_GATEWAY_CONFIG';
  /** Every mistake; `message` has one on each line. */
  readonly problems: readonly string[];
  /** The same mistakes, for whoever wants to show where they were made. */
  readonly details: readonly ConfigMistake[];

  constructor(mistakes: readonly (string | ConfigMistake)[]) {
    const details = mistakes.map((each) => (typeof each === 'string' ? { message: each } : each));
    const problems = details.map(({ message }) => message);
    super(problems.join('\n'));
    this.problems = problems;
    this.details = details;
  }

  override get name(): string {
    return 'ConfigError';
  }
}
