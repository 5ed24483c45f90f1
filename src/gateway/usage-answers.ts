import type { AnalyticsMiddleware } from '../analytics/index.js';
import { isPermitted } from '../authenticate/permissions.js';
import { contextOf } from '../core/context.js';
import { boundedSubject } from '../core/subject.js';
import type { Answers } from './endpoint.js';

/** Who may see everybody's usage, and the metrics. */
export const READ_METRICS = 'metrics:read';

/** Who may see their own usage. */
export const READ_OWN = 'usage:read-own';

/** Shows everybody's usage to whoever may see it, and else one's own. */
export function usageAnswers({ usageEndpoint }: AnalyticsMiddleware): Answers {
  return {
    GET: (req, res) => {
      const context = contextOf(req, res);
      const { identity } = context;
      // Without an identity it is a peer on this machine: nobody else gets past the guard.
      const seesAll = identity === undefined || isPermitted(identity.permissions, READ_METRICS);
      return usageEndpoint(req, res, seesAll ? undefined : boundedSubject(context.subject));
    },
  };
}
