import { EventEmitter } from 'node:events';

/** Where text goes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

/** What a command knows of the world around it. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  readonly cwd: string;
}

/** The surroundings of this process. A reader of its output that goes away is no reason to end. */
export function surroundingsOfProcess(): Surroundings {
  for (const stream of [process.stdout, process.stderr])
    if (stream instanceof EventEmitter) stream.on('error', () => undefined);
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd() };
}
