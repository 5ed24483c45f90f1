import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BreakerState, StoreMode } from '../core/events.js';
import { BoundedLabel } from './label.js';
import type { ResolvedAnalytics } from './options.js';
import type { RequestEvent } from './request-event.js';

/** Bucket boundaries of OpenTelemetry's HTTP semantic conventions, in seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of RFC 9110 and RFC 5789; OpenTelemetry's conventions call any other `_OTHER`. */
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

const storeModes: readonly StoreMode[] = ['shared', 'local', 'open', 'closed'];
const breakerStates: readonly BreakerState[] = ['closed', 'open', 'half-open', 'isolated'];

/** The gateway's metrics in a prom-client registry. */
export class PrometheusMetrics {
  readonly registry: Registry;
  readonly #duration: Histogram;
  readonly #cost: Counter;
  readonly #limited: Counter;
  readonly #active: Gauge;
  readonly #breaker: Gauge;
  readonly #storeMode: Gauge;
  readonly #retries: Counter;
  readonly #failures: Counter;
  readonly #targetUp: Gauge;
  readonly #webSocketsOpen: Gauge;
  readonly #webSocketsClosed: Counter;
  readonly #service: BoundedLabel;
  readonly #tier: BoundedLabel;
  readonly #target: BoundedLabel;

  constructor(config: ResolvedAnalytics) {
    this.registry = config.registry ?? new Registry();
    this.#service = new BoundedLabel(config.maxLabelValues);
    this.#tier = new BoundedLabel(config.maxLabelValues);
    this.#target = new BoundedLabel(config.maxLabelValues);
    const registers = [this.registry];
    this.#duration = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP server requests.',
      labelNames: ['http_request_method', 'http_response_status_code', 'service', 'tier'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#active = new Gauge({
      name: 'http_server_active_requests',
      help: 'Number of HTTP server requests that are running.',
      registers,
    });
    this.#cost = new Counter({
      name: 'gateway_cost_dollars_total',
      help: 'Cost of requests, in dollars.',
      labelNames: ['service', 'tier'],
      registers,
    });
    this.#limited = new Counter({
      name: 'gateway_rate_limited_requests_total',
      help: 'Requests refused by a limit, by its dimension; in a dry run, that would have been.',
      labelNames: ['limit_type', 'tier', 'enforced'],
      registers,
    });
    this.#breaker = new Gauge({
      name: 'gateway_circuit_breaker_state',
      help: 'State of a circuit breaker: 1 for the state that it is in.',
      labelNames: ['service', 'state'],
      registers,
    });
    this.#storeMode = new Gauge({
      name: 'gateway_store_mode',
      help: 'Who decides for a store that replicas share: 1 for the mode that it is in.',
      labelNames: ['store', 'mode'],
      registers,
    });
    this.#retries = new Counter({
      name: 'gateway_upstream_retries_total',
      help: 'Tries of another target after one had failed, or was slow.',
      labelNames: ['service'],
      registers,
    });
    this.#failures = new Counter({
      name: 'gateway_upstream_failures_total',
      help: 'Requests that no upstream answered, or not to the end, by what went wrong.',
      labelNames: ['service', 'reason'],
      registers,
    });
    this.#targetUp = new Gauge({
      name: 'gateway_target_up',
      help: 'Whether a target takes requests: 0 while health checks or failed requests keep it out.',
      labelNames: ['service', 'target'],
      registers,
    });
    this.#webSocketsOpen = new Gauge({
      name: 'gateway_websockets_open',
      help: 'Number of WebSockets that are open.',
      labelNames: ['service'],
      registers,
    });
    this.#webSocketsClosed = new Counter({
      name: 'gateway_websockets_closed_total',
      help: 'WebSockets that were open, by how they ended.',
      labelNames: ['service', 'end'],
      registers,
    });
  }

  webSocketOpened(name: string): void {
    this.#webSocketsOpen.inc({ service: this.#service.of(name) });
  }

  started(): void {
    this.#active.inc();
  }

  ended(event: RequestEvent): void {
    const service = this.#service.of(event.service);
    const tier = this.#tier.of(event.tier);
    const method = methods.has(event.method) ? event.method : '_OTHER';
    this.#active.dec();
    this.#duration.observe(
      { http_request_method: method, http_response_status_code: event.status, service, tier },
      event.durationMs / 1000,
    );
    if (event.webSocket) {
      this.#webSocketsOpen.dec({ service });
      this.#webSocketsClosed.inc({ service, end: event.webSocket.end });
    }
    if (event.retries > 0) this.#retries.inc({ service }, event.retries);
    if (event.upstreamFailure) this.#failures.inc({ service, reason: event.upstreamFailure });
    if (event.cost > 0) this.#cost.inc({ service, tier }, event.cost);
    if (event.limitType !== undefined) {
      this.#limited.inc({ limit_type: event.limitType, tier, enforced: String(event.limitEnforced) });
    }
  }

  targetChanged(service: string, target: string, up: boolean): void {
    this.#targetUp.set({ service: this.#service.of(service), target: this.#target.of(target) }, up ? 1 : 0);
  }

  breakerChanged(key: string, to: BreakerState): void {
    const service = this.#service.of(key);
    for (const state of breakerStates) this.#breaker.set({ service, state }, state === to ? 1 : 0);
  }

  storeModeChanged(store: string, to: StoreMode): void {
    for (const mode of storeModes) this.#storeMode.set({ store, mode }, mode === to ? 1 : 0);
  }
}
