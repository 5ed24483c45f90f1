import type { Middleware } from '../core/middleware.js';

/** One middleware out of several: each gets the request when the one before passes it on. */
export function compose(stack: readonly (Middleware | undefined)[]): Middleware {
  return stack
    .filter((middleware) => middleware !== undefined)
    .reduceRight<Middleware>(
      (rest, middleware) => (req, res, done) =>
        middleware(req, res, (error) => (error === undefined ? rest(req, res, done) : done(error))),
      (_req, _res, done) => done(),
    );
}
