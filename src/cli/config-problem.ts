/** One mistake in a configuration, and where it was made. */
export interface ConfigProblem {
  /** The file, a flag such as `--port`, or a variable such as `PORT`. */
  readonly source: string;
  /** In a file, from 1. */
  readonly line?: number | undefined;
  /** In a file, from 1. */
  readonly column?: number | undefined;
  /** Path, rule, value and remedy. It has no secret in it. */
  readonly message: string;
}

/** As editors and compilers write it, so that terminals make a link of it. */
export function problemLine({ source, line, column, message }: ConfigProblem): string {
  const place = [source, line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${message}`;
}
