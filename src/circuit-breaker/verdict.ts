/** How a request that was let through ended, as far as the breaker is concerned. */
export type Verdict = 'success' | 'failure' | 'neutral';
