import type { IncomingMessage } from 'node:http';
import type { ServiceMatch } from '../core/context.js';
import { isThenable } from '../core/thenable.js';
import type { ServiceMatcher } from './options.js';

/** What becomes of a request that another service is to take over. */
export interface TakeOver {
  /** Whether the service takes it. One that cannot be asked, as a function of the user's throws, does not. */
  take(match: ServiceMatch): boolean;
  taken(): void;
  nobody(): void;
  /** What `taken` or `nobody` threw where no caller is left. */
  threw(error: unknown): void;
}

/** Asks services one after the other, at once where nothing has to be waited for. */
export function firstThatTakes(
  [name, ...rest]: readonly string[],
  req: IncomingMessage,
  matchService: ServiceMatcher,
  how: TakeOver,
): void {
  if (name === undefined) {
    how.nobody();
    return;
  }
  const conclude = (match: ServiceMatch | undefined): void => {
    if (match && takes(how, match)) how.taken();
    else firstThatTakes(rest, req, matchService, how);
  };
  let match: ReturnType<ServiceMatcher>;
  try {
    match = matchService(req, name);
  } catch {
    match = undefined;
  }
  if (isThenable(match)) {
    match
      .then(
        (found) => conclude(found),
        () => conclude(undefined),
      )
      .then(undefined, (error) => how.threw(error));
  } else conclude(match);
}

function takes(how: TakeOver, match: ServiceMatch): boolean {
  try {
    return how.take(match);
  } catch {
    return false;
  }
}
