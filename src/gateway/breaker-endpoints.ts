import type { IncomingMessage } from 'node:http';
import type { BreakerInfo, CircuitBreakerMiddleware } from '../circuit-breaker/index.js';
import { NotFoundError } from '../core/errors.js';
import type { Answers } from './endpoint.js';
import { sendJson } from './json.js';

/** Who may look at breakers; whoever may change them may look, too. */
export const READ = 'breakers:read';

/** Who may isolate and reset breakers. */
export const WRITE = 'breakers:write';

/** Lists, isolates and resets breakers. */
export class BreakerEndpoints {
  readonly #breakers: CircuitBreakerMiddleware;
  readonly #services: ReadonlyMap<string, unknown>;

  /** @param services by name: their breakers are known before there has been a request */
  constructor(breakers: CircuitBreakerMiddleware, services: ReadonlyMap<string, unknown>) {
    this.#breakers = breakers;
    this.#services = services;
  }

  readonly collection: Answers = {
    GET: (_req, res) => sendJson(res, 200, { circuit_breakers: this.#breakers.list().map(shown) }),
  };

  /** What is below the collection: `/{key}/isolate` and `/{key}/reset`; undefined for anything else. */
  action(below: string): Answers | undefined {
    const [, encoded, name] = /^\/([^/]{1,768})\/(isolate|reset)$/.exec(below) ?? [];
    const key = encoded === undefined ? undefined : decoded(encoded);
    if (key === undefined) return undefined;
    return {
      POST: async (req, res) => {
        const isKnown = this.#services.has(key) || this.#breakers.states().has(key);
        if (!isKnown) throw new NotFoundError();
        const by = actor(req);
        const told = await (name === 'isolate'
          ? this.#breakers.isolate(key, by)
          : this.#breakers.reset(key, by));
        const info = this.#breakers.list().find((each) => each.key === key);
        sendJson(res, 200, { ...(info ? shown(info) : { key, state: 'closed' }), all_replicas_told: told });
      },
    };
  }
}

function actor(req: IncomingMessage): string {
  return req.gateway?.subject ?? 'nobody';
}

/** A segment of a path as it is meant; undefined for one that is not encoded well. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function shown({ key, state, since, retryAfterMs, running, isolatedBy, replicas }: BreakerInfo) {
  return {
    key,
    state,
    since,
    retry_after_ms: Math.round(retryAfterMs),
    running,
    isolated_by: isolatedBy ?? null,
    replicas: replicas ?? null,
  };
}
