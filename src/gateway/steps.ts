import { refusalFor } from '../authenticate/require-permissions.js';
import { refusalOfAmbiguity } from '../core/ambiguous-request.js';
import { NotFoundError } from '../core/errors.js';
import type { Middleware } from '../core/middleware.js';
import type { ErrorHandler } from '../core/send-error.js';

/** 400 for what the checks here and the upstream, or who stands before the gateway, could read differently. */
export function refuseAmbiguity(refuse: ErrorHandler): Middleware {
  return function refuseAmbiguityMiddleware(req, res, next) {
    const refusal = refusalOfAmbiguity(req);
    if (refusal) refuse(refusal, req, res, next);
    else next();
  };
}

/** 404 for what is neither an endpoint nor below a service. */
export function notFound(refuse: ErrorHandler): Middleware {
  return (req, res, next) => refuse(new NotFoundError(), req, res, next);
}

/** The permissions that the matched service asks for. */
export function servicePermissions(refuse: ErrorHandler): Middleware {
  return function servicePermissionsMiddleware(req, res, next) {
    const refusal = refusalFor(req.gateway?.identity, req.gateway?.service?.permissions ?? []);
    if (refusal) refuse(refusal, req, res, next);
    else next();
  };
}
