import type { IncomingMessage, ServerResponse } from 'node:http';
import { requirePermissions } from '../authenticate/index.js';
import { GatewayError, InternalError, MethodNotAllowedError } from '../core/errors.js';
import type { Middleware } from '../core/middleware.js';
import { pathOf } from '../core/path.js';
import { type ErrorHandler, errorHandler } from '../core/send-error.js';
import { healthOf } from '../core/status.js';
import { mergeTiers } from '../rate-limit/options.js';
import { compose } from './compose.js';
import { createApiKeyEndpoint } from './create-api-key.js';
import { describeGateway } from './info.js';
import { sendJson } from './json.js';
import { unlessLocal } from './local-peer.js';
import type { GatewayOptions, ResolvedEndpoints } from './options.js';
import type { Parts } from './parts.js';

/** The endpoint that a request is for. */
export type Endpoints = (req: IncomingMessage) => Middleware | undefined;

type Answer = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** The gateway's own endpoints by path. They consume no quota and are not counted in the figures. */
export function createEndpoints(paths: ResolvedEndpoints, parts: Parts, options: GatewayOptions): Endpoints {
  const { analytics, authenticate, cors } = parts;
  const refuse = errorHandler(options);
  const byPath = new Map<string, Middleware>();
  const add = (path: string | false, methods: string, answer: Answer, guard?: Middleware): void => {
    if (path !== false)
      byPath.set(path, compose([allow(methods, refuse), cors, guard, last(answer, refuse)]));
  };
  const need = (permission: string): Middleware =>
    compose([
      authenticate,
      requirePermissions(permission, { onError: options.onError, errorFormat: options.errorFormat }),
    ]);

  const info = describeGateway(parts.router.services);
  add(paths.info, 'GET, HEAD', (_req, res) => sendJson(res, 200, info()));
  add(paths.health, 'GET, HEAD', (_req, res) => {
    const health = healthOf(parts.sources, new Date());
    sendJson(res, health.status === 'unhealthy' ? 503 : 200, health);
  });
  if (analytics) add(paths.metrics, 'GET, HEAD', analytics.endpoint, unlessLocal(need('metrics:read')));
  if (authenticate) {
    const limits = options.rateLimit ? options.rateLimit.tiers : undefined;
    const tiers = new Set(mergeTiers(limits).keys());
    add(paths.apiKeys, 'POST', createApiKeyEndpoint(authenticate.apiKeys, tiers), need('keys:write'));
  }
  return (req) => byPath.get(pathOf(req.url ?? '/'));
}

/** Refuses other methods; a preflight request is for CORS to answer. */
function allow(methods: string, refuse: ErrorHandler): Middleware {
  const allowed = new Set([...methods.split(', '), 'OPTIONS']);
  return function allowMethods(req, res, next) {
    if (allowed.has(req.method ?? '')) next();
    else refuse(new MethodNotAllowedError(methods), req, res, next);
  };
}

/** Turns what answers into a middleware that never throws. */
function last(answer: Answer, refuse: ErrorHandler): Middleware {
  return async function answerEndpoint(req, res, next) {
    try {
      await answer(req, res);
    } catch (error) {
      refuse(error instanceof GatewayError ? error : new InternalError(error), req, res, next);
    }
  };
}
