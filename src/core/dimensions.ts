/**
 * What a limit can be about. The first six are decided together by `rateLimit()`; `ip` is the limit per
 * address in front of authentication.
 */
export type Dimension =
  | 'burst'
  | 'per_minute'
  | 'per_hour'
  | 'per_day'
  | 'cost_per_hour'
  | 'concurrent'
  | 'ip';
