/**
 * Wrong options: thrown when a factory is called, never at a request. Each problem names the option's path,
 * the rule, the value received and the remedy.
 */
export class ConfigError extends Error {
  /** Stable; documented in docs/errors.md. */
  readonly code = 'ERR_GATEWAY_CONFIG';
  /** Every mistake; `message` has one on each line. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }

  override get name(): string {
    return 'ConfigError';
  }
}
