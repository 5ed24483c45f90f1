import type { IncomingMessage } from 'node:http';
import { requirePermissions } from '../authenticate/index.js';
import type { Middleware } from '../core/middleware.js';
import { pathOf } from '../core/path.js';
import { errorHandler } from '../core/send-error.js';
import { healthOf } from '../core/status.js';
import { mergeTiers } from '../rate-limit/options.js';
import { requireAnyPermission } from './any-permission.js';
import { ApiKeyEndpoints } from './api-key-endpoints.js';
import { BreakerEndpoints, READ, WRITE } from './breaker-endpoints.js';
import { compose } from './compose.js';
import { type Answers, allowMethods, answerWith } from './endpoint.js';
import { describeGateway } from './info.js';
import { sendJson } from './json.js';
import { unlessLocal } from './local-peer.js';
import type { GatewayOptions, ResolvedEndpoints } from './options.js';
import type { Parts } from './parts.js';
import { refuseAmbiguity } from './steps.js';
import { ticketAnswers } from './ticket-endpoint.js';
import { READ_METRICS, READ_OWN, usageAnswers } from './usage-answers.js';

/** The endpoint that a request is for. */
export type Endpoints = (req: IncomingMessage) => Middleware | undefined;

/** The gateway's own endpoints by path. They consume no quota and are not counted in the figures. */
export function createEndpoints(
  paths: ResolvedEndpoints,
  parts: Parts,
  options: Pick<GatewayOptions, 'onError' | 'errorFormat' | 'rateLimit' | 'authenticate'>,
  isReady: () => boolean,
): Endpoints {
  const { analytics, audit, authenticate, cors } = parts;
  const { onError, errorFormat } = options;
  const refuse = errorHandler(options);
  const plain = refuseAmbiguity(refuse);
  const endpoint = (answers: Answers, guard?: Middleware): Middleware =>
    compose([audit, plain, allowMethods(answers, refuse), cors, guard, answerWith(answers, refuse)]);
  const need = (permission: string): Middleware =>
    compose([authenticate, requirePermissions(permission, { onError, errorFormat })]);
  const needAny = (...permissions: readonly [string, ...string[]]): Middleware =>
    compose([authenticate, requireAnyPermission(permissions, refuse)]);

  const byPath = new Map<string | false, Middleware>();
  const info = describeGateway(parts.router.services);
  byPath.set(paths.info, endpoint({ GET: (_req, res) => sendJson(res, 200, info()) }));
  byPath.set(paths.health, endpoint({ GET: (_req, res) => sendHealth(res, parts) }));
  byPath.set(paths.live, endpoint({ GET: (_req, res) => sendJson(res, 200, { status: 'alive' }) }));
  byPath.set(paths.ready, endpoint({ GET: (_req, res) => sendReadiness(res, isReady()) }));
  if (analytics) {
    byPath.set(paths.metrics, endpoint({ GET: analytics.endpoint }, unlessLocal(need(READ_METRICS))));
    byPath.set(paths.usage, endpoint(usageAnswers(analytics), unlessLocal(needAny(READ_OWN, READ_METRICS))));
  }
  const tiers = mergeTiers(options.rateLimit ? options.rateLimit.tiers : undefined);
  const hasKeys = options.authenticate !== false && options.authenticate?.apiKeys !== false;
  const keys = authenticate && hasKeys ? new ApiKeyEndpoints(authenticate.apiKeys, tiers) : undefined;
  if (authenticate?.tickets) {
    const tickets = ticketAnswers(authenticate.tickets);
    byPath.set(paths.tickets, endpoint(tickets, authenticate));
  }
  const writer = need('keys:write');
  const collection = keys && endpoint(keys.collection, writer);

  function keyEndpoint(path: string): Middleware | undefined {
    if (keys === undefined || paths.apiKeys === false || !path.startsWith(paths.apiKeys)) return undefined;
    const below = path.slice(paths.apiKeys.length);
    if (below === '') return collection;
    const [, id, rotate] = /^\/([\w.-]{1,128})(\/rotate)?$/.exec(below) ?? [];
    if (id === undefined) return undefined;
    return endpoint(rotate ? keys.rotation(id) : keys.one(id), writer);
  }

  const breakers = parts.circuitBreaker && new BreakerEndpoints(parts.circuitBreaker, parts.router.services);
  if (breakers) {
    byPath.set(paths.circuitBreakers, endpoint(breakers.collection, needAny(READ, WRITE)));
  }

  function breakerEndpoint(path: string): Middleware | undefined {
    const parent = paths.circuitBreakers;
    if (breakers === undefined || parent === false || !path.startsWith(parent)) return undefined;
    const action = breakers.action(path.slice(parent.length));
    return action && endpoint(action, need(WRITE));
  }

  return (req) => {
    const path = pathOf(req.url ?? '/');
    return byPath.get(path) ?? keyEndpoint(path) ?? breakerEndpoint(path);
  };
}

function sendHealth(res: Parameters<typeof sendJson>[0], parts: Parts): void {
  const health = healthOf(parts.sources, new Date());
  sendJson(res, health.status === 'unhealthy' ? 503 : 200, health);
}

function sendReadiness(res: Parameters<typeof sendJson>[0], isReady: boolean): void {
  sendJson(res, isReady ? 200 : 503, { status: isReady ? 'ready' : 'draining' });
}
