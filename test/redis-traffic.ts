import { expect } from '@jest/globals';
import { cleanup, send } from './helpers.js';
import { eventually } from './redis-support.js';

/** How often each status came back; `error` for a connection that broke. */
export type Statuses = Record<string, number>;

/** A steady load: clients that send one request after the other. */
export interface Traffic {
  /** Answers so far. */
  readonly answers: number;
  /** Waits until so many more have come. */
  more(count: number): Promise<void>;
  /** Gives what has come back since it was asked last. */
  seen(): Statuses;
  /** Lets each client end its request, and gives what has come back since it was asked last. */
  stop(): Promise<Statuses>;
}

export function traffic(url: string, clients: number, path = '/'): Traffic {
  let statuses: Statuses = {};
  let answers = 0;
  let running = true;
  // A test that fails does not stop it.
  cleanup(() => {
    running = false;
  });
  const count = (status: string): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
    answers += 1;
  };
  const client = async (): Promise<void> => {
    while (running) {
      await send(url, path).then(
        ({ status }) => count(String(status)),
        () => count('error'),
      );
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  const seen = (): Statuses => {
    const before = statuses;
    statuses = {};
    return before;
  };
  return {
    get answers() {
      return answers;
    },
    more(wanted) {
      const enough = answers + wanted;
      return eventually(() => expect(answers).toBeGreaterThanOrEqual(enough));
    },
    seen,
    async stop() {
      running = false;
      await all;
      return seen();
    },
  };
}
