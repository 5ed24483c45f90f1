import { isPermitted } from '../authenticate/permissions.js';
import { refusalFor } from '../authenticate/require-permissions.js';
import { contextOf } from '../core/context.js';
import type { Middleware } from '../core/middleware.js';
import type { ErrorHandler } from '../core/send-error.js';

/** Lets those through who have one of several permissions; a refusal names the first. It goes behind authentication. */
export function requireAnyPermission(
  permissions: readonly [string, ...string[]],
  refuse: ErrorHandler,
): Middleware {
  return function requireAnyPermissionMiddleware(req, res, next) {
    const { identity } = contextOf(req, res);
    const own = identity?.permissions ?? [];
    const isOne = permissions.some((permission) => isPermitted(own, permission));
    const refusal = isOne ? undefined : refusalFor(identity, [permissions[0]]);
    if (refusal) refuse(refusal, req, res, next);
    else next();
  };
}
