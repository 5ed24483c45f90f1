import { refusalFor } from '../authenticate/require-permissions.js';
import { BadRequestError, NotFoundError } from '../core/errors.js';
import type { Middleware } from '../core/middleware.js';
import { isAmbiguousPath, pathOf } from '../core/path.js';
import type { ErrorHandler } from '../core/send-error.js';

/** 400 for a path that the checks here and the upstream could read differently. */
export function refuseAmbiguousPath(refuse: ErrorHandler): Middleware {
  return function ambiguousPathMiddleware(req, res, next) {
    if (isAmbiguousPath(pathOf(req.url ?? '/'))) {
      refuse(new BadRequestError('The path can be read in more than one way'), req, res, next);
    } else next();
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
