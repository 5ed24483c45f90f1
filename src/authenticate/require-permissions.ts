import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, type Identity } from '../core/context.js';
import { AuthenticationError, type GatewayError, PermissionError } from '../core/errors.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { type ErrorOptions, errorHandler } from '../core/send-error.js';
import { CHALLENGE } from './challenge.js';
import { requirePermissionsSchema } from './options.js';
import { isPermitted } from './permissions.js';

/**
 * Lets a request through if its identity has all the permissions, else answers 403; 401 where nobody has
 * authenticated.
 *
 * @throws ConfigError for no permission, an empty one, or wrong options
 */
export function requirePermissions(
  permissions: string | readonly string[],
  options: ErrorOptions = {},
): Middleware {
  const given = typeof permissions === 'string' ? [permissions] : permissions;
  const { required, ...errors } = checkOptions('requirePermissions', requirePermissionsSchema, {
    ...options,
    required: given,
  });
  const refuse = errorHandler(errors);
  return function requirePermissionsMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const refusal = refusalFor(contextOf(req, res).identity, required);
    if (refusal) refuse(refusal, req, res, next);
    else next();
  };
}

/** Why an identity may not do what needs these permissions; undefined if it may. */
export function refusalFor(
  identity: Identity | undefined,
  required: readonly string[],
): GatewayError | undefined {
  const missing = required.filter((permission) => !isPermitted(identity?.permissions ?? [], permission));
  if (missing.length === 0) return undefined;
  if (identity === undefined || identity.method === 'anonymous') {
    return new AuthenticationError('Credentials are required', CHALLENGE);
  }
  return new PermissionError('Missing a permission that is required', missing);
}
