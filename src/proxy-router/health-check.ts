import { get as httpGet, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { ResolvedHealthCheck } from './resilience-options.js';
import type { Target } from './target.js';

/** An interval is longer or shorter by up to this share of it, so that targets and replicas are not asked in step. */
const JITTER = 0.1;

/** Asks one target now and then whether it is well, beginning at once. */
export class HealthCheck {
  readonly #target: Target;
  readonly #options: ResolvedHealthCheck;
  readonly #onResult: (target: Target, healthy: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #abort: (() => void) | undefined;
  #closed = false;
  #good = 0;
  #bad = 0;

  /** @param onResult hears when thresholds are crossed, and of every good answer */
  constructor(
    target: Target,
    options: ResolvedHealthCheck,
    onResult: (target: Target, healthy: boolean) => void,
  ) {
    this.#target = target;
    this.#options = options;
    this.#onResult = onResult;
    this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#abort?.();
  }

  #ask(): void {
    const { timeoutMs, path } = this.#options;
    const { protocol } = this.#target;
    const get = protocol === 'https:' ? httpsGet : httpGet;
    let done = false;
    const finish = (well: boolean): void => {
      if (done) return;
      done = true;
      clearTimeout(deadline);
      req.destroy();
      this.#note(well);
    };
    const req = get(
      { ...addressOf(this.#target), path: this.#target.basePath + path, agent: false },
      (answer) => {
        answer.on('error', () => undefined);
        finish(this.#isExpected(answer.statusCode ?? 0));
      },
    );
    const deadline = setTimeout(() => finish(false), timeoutMs).unref();
    this.#abort = () => finish(false);
    req.on('error', () => finish(false));
    req.on('socket', (socket) => socket.unref());
  }

  #isExpected(status: number): boolean {
    const { from, to } = this.#options.expectedStatus;
    return status >= from && status <= to;
  }

  #note(well: boolean): void {
    if (this.#closed) return;
    this.#good = well ? this.#good + 1 : 0;
    this.#bad = well ? 0 : this.#bad + 1;
    const { healthyThreshold, unhealthyThreshold, intervalMs } = this.#options;
    if (this.#good >= healthyThreshold) this.#onResult(this.#target, true);
    if (this.#bad >= unhealthyThreshold) this.#onResult(this.#target, false);
    const jitter = 1 + JITTER * (2 * Math.random() - 1);
    this.#timer = setTimeout(() => this.#ask(), intervalMs * jitter).unref();
  }
}

/** Where a target is, as `http.request()` takes it. */
export function addressOf({ protocol, hostname, port, host, socketPath, tls }: Target): RequestOptions {
  return { protocol, hostname, port, headers: { host }, ...(socketPath && { socketPath }), ...tls };
}
