import { Counter, Gauge, Registry } from 'prom-client';
import type {
  BreakerEvent,
  BreakerState,
  CutEvent,
  GatewayEvents,
  StoreMode,
  StoreModeEvent,
  TargetEvent,
} from '../core/events.js';
import type { MeasurementSource } from '../core/measurement.js';
import { BoundedLabel } from './label.js';
import type { ResolvedAnalytics } from './options.js';
import { ReadCounter, ReadGauge } from './read-metrics.js';
import type { RequestEvent } from './request-event.js';
import { Traffic } from './traffic.js';
import { registerTraffic } from './traffic-metrics.js';

const storeModes: readonly StoreMode[] = ['shared', 'local', 'open', 'closed'];
const breakerStates: readonly BreakerState[] = ['closed', 'open', 'half-open', 'isolated'];

/** The gateway's metrics in a prom-client registry. */
export class PrometheusMetrics {
  readonly registry: Registry;
  readonly #traffic: Traffic;
  readonly #limited: Counter;
  readonly #breaker: Gauge;
  readonly #storeMode: Gauge;
  readonly #retries: Counter;
  readonly #failures: Counter;
  readonly #cut: Counter;
  readonly #degraded: Counter;
  readonly #refusals: Counter;
  readonly #targetUp: Gauge;
  readonly #webSocketsOpen: Gauge;
  readonly #webSocketsClosed: Counter;
  readonly #service: BoundedLabel;
  readonly #tier: BoundedLabel;
  /** Breakers by their keys: where clients choose them, they take no places of services. */
  readonly #key: BoundedLabel;
  readonly #target: BoundedLabel;
  #active = 0;
  #deafen: (() => void) | undefined;

  constructor(config: Pick<ResolvedAnalytics, 'registry' | 'maxLabelValues' | 'events'>) {
    this.registry = config.registry ?? new Registry();
    this.#traffic = new Traffic(config.maxLabelValues);
    this.#service = this.#traffic.serviceLabel;
    this.#tier = this.#traffic.tierLabel;
    this.#key = new BoundedLabel(config.maxLabelValues);
    this.#target = new BoundedLabel(config.maxLabelValues);
    const registers = [this.registry];
    registerTraffic(this.#traffic, this.registry);
    new ReadGauge(
      {
        name: 'http_server_active_requests',
        help: 'Number of HTTP server requests that are running.',
        registry: this.registry,
      },
      () => [{ labels: {}, value: this.#active }],
    );
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
      aggregator: 'max',
      registers,
    });
    this.#storeMode = new Gauge({
      name: 'gateway_store_mode',
      help: 'Who decides for a store that replicas share: 1 for the mode that it is in.',
      labelNames: ['store', 'mode'],
      aggregator: 'max',
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
    this.#cut = new Counter({
      name: 'gateway_responses_cut_total',
      help: 'Answers that were cut after their header fields had been sent.',
      labelNames: ['service'],
      registers,
    });
    this.#degraded = new Counter({
      name: 'gateway_degraded_responses_total',
      help: 'Requests that something else answered in place of their service, by what did.',
      labelNames: ['service', 'by'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'gateway_refusals_total',
      help: 'Requests that the gateway refused, by the code of the error.',
      labelNames: ['service', 'code'],
      registers,
    });
    this.#targetUp = new Gauge({
      name: 'gateway_target_up',
      help: 'Whether a target takes requests: 0 while health checks or failed requests keep it out.',
      labelNames: ['service', 'target'],
      aggregator: 'min',
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
    this.#listen(config.events);
  }

  #listen(events: GatewayEvents | undefined): void {
    if (events === undefined) return;
    const heard = {
      breaker: ({ key, to }: BreakerEvent) => this.#breakerChanged(key, to),
      target: ({ service, target, up }: TargetEvent) => this.#targetChanged(service, target, up),
      storeMode: ({ store, mode }: StoreModeEvent) => this.#storeModeChanged(store, mode),
      cut: ({ key }: CutEvent) => this.#cut.inc({ service: this.#key.of(key) }),
    };
    events.on('breaker', heard.breaker).on('target', heard.target);
    events.on('storeMode', heard.storeMode).on('cut', heard.cut);
    this.#deafen = () => {
      events.off('breaker', heard.breaker).off('target', heard.target);
      events.off('storeMode', heard.storeMode).off('cut', heard.cut);
    };
  }

  /** Hears of other parts no more. */
  close(): void {
    this.#deafen?.();
  }

  webSocketOpened(name: string): void {
    this.#webSocketsOpen.inc({ service: this.#service.of(name) });
  }

  started(): void {
    this.#active += 1;
  }

  ended(event: RequestEvent): void {
    this.#active -= 1;
    this.#traffic.add(event);
    if (isPlain(event)) return;
    const service = this.#service.of(event.service);
    const tier = this.#tier.of(event.tier);
    if (event.webSocket) {
      this.#webSocketsOpen.dec({ service });
      this.#webSocketsClosed.inc({ service, end: event.webSocket.end });
    }
    if (event.retries > 0) this.#retries.inc({ service }, event.retries);
    if (event.upstreamFailure) this.#failures.inc({ service, reason: event.upstreamFailure });
    if (event.degraded)
      this.#degraded.inc({ service: this.#service.of(event.degraded.service), by: event.degraded.by });
    if (event.refusal !== undefined) this.#refusals.inc({ service, code: event.refusal });
    if (event.limitType !== undefined) {
      this.#limited.inc({ limit_type: event.limitType, tier, enforced: String(event.limitEnforced) });
    }
  }

  /** Shows what a part of a gateway measures. */
  observe(source: MeasurementSource): void {
    for (const { name, help, type, labels, merge, read } of source.measurements()) {
      const Metric = type === 'counter' ? ReadCounter : ReadGauge;
      new Metric({ name, help, labelNames: labels, registry: this.registry, merge }, read);
    }
  }

  #targetChanged(service: string, target: string, up: boolean): void {
    this.#targetUp.set({ service: this.#service.of(service), target: this.#target.of(target) }, up ? 1 : 0);
  }

  #breakerChanged(key: string, to: BreakerState): void {
    const service = this.#key.of(key);
    for (const state of breakerStates) this.#breaker.set({ service, state }, state === to ? 1 : 0);
  }

  #storeModeChanged(store: string, to: StoreMode): void {
    for (const mode of storeModes) this.#storeMode.set({ store, mode }, mode === to ? 1 : 0);
  }
}

/** Whether there is nothing to count of a request but its traffic. */
function isPlain({
  webSocket,
  retries,
  upstreamFailure,
  limitType,
  refusal,
  degraded,
}: RequestEvent): boolean {
  return (
    refusal === undefined &&
    webSocket === undefined &&
    retries === 0 &&
    upstreamFailure === undefined &&
    limitType === undefined &&
    degraded === undefined
  );
}
