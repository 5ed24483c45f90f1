import { EventEmitter } from 'node:events';
import { type Logger, silentLogger } from './logger.js';

/** The state of one breaker. */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated';

/** A breaker has changed its state. */
export interface BreakerEvent {
  /** What the breaker is for: the service's name, unless a key was chosen. */
  readonly key: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  /** Who isolated or reset it: a subject, or `code` for a call from the program itself. Undefined where nobody did. */
  readonly by?: string | undefined;
}

/** An answer was cut after its header fields had been sent. It is no verdict on what was behind it. */
export interface CutEvent {
  /** What the breaker is for. */
  readonly key: string;
}

/** Who decides: Redis for all replicas, or, while it is away, what the store's policy says. */
export type StoreMode = 'shared' | 'local' | 'open' | 'closed';

/** A store has lost Redis, or has it back. */
export interface StoreModeEvent {
  /** Whose store it is, such as `rate_limit`. */
  readonly store: string;
  readonly mode: StoreMode;
}

/** A target of a service went, or is back. */
export interface TargetEvent {
  readonly service: string;
  /** Its origin. For logs and metrics, never for clients. */
  readonly target: string;
  readonly up: boolean;
  readonly by: 'health_check' | 'ejection';
}

/** Somebody has changed an API key. */
export interface ApiKeyEvent {
  readonly action: 'created' | 'updated' | 'revoked' | 'rotated';
  readonly keyId: string;
  /** Who did it: a subject, or `code` for a call from the program itself. */
  readonly by: string;
}

/** What parts of a gateway tell each other without knowing each other. */
export interface GatewayEventMap {
  breaker: [BreakerEvent];
  cut: [CutEvent];
  storeMode: [StoreModeEvent];
  apiKey: [ApiKeyEvent];
  target: [TargetEvent];
}

/** The events of one gateway. A listener that throws is logged and hurts nobody. */
export class GatewayEvents extends EventEmitter<GatewayEventMap> {
  readonly #logger: Logger;

  constructor(logger: Logger = silentLogger) {
    super();
    this.#logger = logger;
  }

  /** Tells every listener. */
  publish<Name extends keyof GatewayEventMap>(name: Name, ...args: GatewayEventMap[Name]): void {
    for (const listener of this.rawListeners(name)) {
      try {
        (listener as (...args: GatewayEventMap[Name]) => void)(...args);
      } catch (error) {
        this.#logger.error('An event listener threw', { event: name, error: String(error) });
      }
    }
  }
}
