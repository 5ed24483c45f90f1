import { type CircuitState, ConsecutiveBreaker, CountBreaker, type IBreaker } from 'cockatiel';
import { FailureWindow } from './failure-window.js';
import type { BreakerPolicy } from './policy-options.js';

/** Says when to open, by whichever way of counting was chosen, and can be made to forget all that it has counted. */
export class FailureCounter implements IBreaker {
  /** What cockatiel would save and restore. */
  state: unknown;
  readonly #policy: BreakerPolicy;
  #counter: IBreaker;

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
    this.#counter = counterOf(policy);
  }

  success(state: CircuitState): void {
    this.#counter.success(state);
  }

  failure(state: CircuitState): boolean {
    return this.#counter.failure(state);
  }

  forget(): void {
    this.#counter = counterOf(this.#policy);
  }
}

function counterOf(policy: BreakerPolicy): IBreaker {
  switch (policy.breaker) {
    case 'consecutive':
      return new ConsecutiveBreaker(policy.consecutiveFailures);
    case 'count':
      return new CountBreaker({
        threshold: policy.failureRatio,
        size: policy.windowRequests,
        minimumNumberOfCalls: Math.min(policy.minimumRequests, policy.windowRequests),
      });
    default:
      return new FailureWindow(policy);
  }
}
