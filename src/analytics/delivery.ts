import { ConfigError } from '../core/config-error.js';
import { retryAfterMs } from './retry-after.js';
import type { ResolvedDelivery } from './webhook-options.js';

/** A receiver did not take what was sent. The message has no URL in it, which may hold a token. */
export class DeliveryError extends Error {
  override get name(): string {
    return 'DeliveryError';
  }
}

/** Posts JSON and tries again, bounded in number and time. */
export class Delivery {
  readonly #options: ResolvedDelivery;
  readonly #url: URL;

  /** @throws ConfigError for a value of a header field that cannot be sent; it doesn't show it, as it may be a secret */
  constructor(options: ResolvedDelivery) {
    this.#options = options;
    this.#url = new URL(options.url);
    const wrong = Object.entries(options.headers).filter(([, value]) => !sendable.test(value));
    if (wrong.length === 0) return;
    throw new ConfigError(
      wrong.map(([name]) => `\`headers["${name}"]\` must be one line of Latin-1 text, got another value.`),
    );
  }

  /**
   * Sends a body until it is taken.
   *
   * @param headers makes the further header fields of one try
   * @param signal ends the tries
   * @throws DeliveryError when the last try has failed, the answer is final, or the signal was aborted
   */
  async send(body: string, headers: () => Record<string, string>, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.#try(body, headers(), signal);
      if (failure === undefined) return;
      if (signal.aborted) throw new DeliveryError('Given up as nobody waits for it any more');
      if (!failure.mayPass || attempt >= this.#options.retries) throw new DeliveryError(failure.reason);
      await pause(failure.waitMs ?? this.#delayMs(attempt), signal, this.#options.maxRetryDelayMs);
    }
  }

  async #try(
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Failure | undefined> {
    const abort = new AbortController();
    const giveUp = (): void => abort.abort();
    const timer = setTimeout(giveUp, this.#options.timeoutMs).unref();
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...this.#options.headers, 'content-type': 'application/json', ...headers },
        body,
        signal: abort.signal,
      });
      // Nobody reads it, however long it is.
      answer.body?.cancel().catch(() => undefined);
      return answer.ok ? undefined : refused(answer);
    } catch (error) {
      const reason = abort.signal.aborted ? 'The receiver did not answer in time' : reasonOf(error);
      return { reason, mayPass: true, waitMs: undefined };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Exponential, less up to a half at random: replicas that failed together must not come back together. */
  #delayMs(attempt: number): number {
    return this.#options.retryDelayMs * 2 ** attempt * (1 - Math.random() / 2);
  }
}

interface Failure {
  readonly reason: string;
  /** Whether another try may succeed. */
  readonly mayPass: boolean;
  /** How long the receiver wants to be left alone, in milliseconds. */
  readonly waitMs: number | undefined;
}

/** RFC 9110, section 5.5, without the line breaks. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

function refused({ status, headers }: Response): Failure {
  const mayPass = status === 408 || status === 429 || status >= 500;
  const waitMs = retryAfterMs(headers.get('retry-after'), Date.now());
  return { reason: `The receiver answered ${status}`, mayPass, waitMs };
}

/** `fetch()` says what went wrong in the cause of its error. */
function reasonOf(error: unknown): string {
  const code = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  return `The receiver could not be reached${typeof code === 'string' ? `: ${code}` : ''}`;
}

function pause(ms: number, signal: AbortSignal, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, mostMs)).unref();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
