import { requirePermissions } from '../authenticate/index.js';
import { BadRequestError, NotFoundError } from '../core/errors.js';
import type { Middleware } from '../core/middleware.js';
import { isAmbiguousPath, pathOf } from '../core/path.js';
import type { ErrorHandler, ErrorOptions } from '../core/send-error.js';

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
export function servicePermissions(options: ErrorOptions): Middleware {
  const guards = new Map<string, Middleware>();
  return function servicePermissionsMiddleware(req, res, next) {
    const service = req.gateway?.service;
    if (service === undefined || service.permissions.length === 0) {
      next();
      return;
    }
    let guard = guards.get(service.name);
    if (guard === undefined) {
      guard = requirePermissions(service.permissions, options);
      guards.set(service.name, guard);
    }
    guard(req, res, next);
  };
}
