import { randomUUID } from 'node:crypto';
import type { Logger } from '../core/logger.js';
import type { Alert } from './alert.js';
import type { ResolvedAlerts } from './alert-options.js';
import { WebhookDelivery } from './webhook-delivery.js';

/** So many alerts wait for the webhook, or for a callback to settle, at most; further ones are only logged. */
const MOST_WAITING = 100;

/** How long closing waits for the webhook, in milliseconds. */
const CLOSE_MS = 5000;

/** Tells of alerts: the logger, a webhook and a callback. None of them can hurt, or wait for, another. */
export class AlertNotifier {
  readonly #logger: Logger;
  readonly #webhook: WebhookDelivery | undefined;
  readonly #onAlert: ResolvedAlerts['onAlert'];
  readonly #abort = new AbortController();
  /** One after the other: an alert must not arrive behind its end. */
  #sent: Promise<void> = Promise.resolve();
  #sending = 0;
  #calling = 0;

  constructor({ webhook, onAlert }: ResolvedAlerts, logger: Logger) {
    this.#logger = logger;
    this.#webhook = webhook && new WebhookDelivery(webhook);
    this.#onAlert = onAlert;
  }

  notify(alert: Alert): void {
    this.#logger.warn(alert.state === 'firing' ? 'An alert fires' : 'An alert is over', { ...alert });
    this.#call(alert);
    this.#send(alert);
  }

  /** Waits, within bounds, for what is being sent. Never rejects. */
  async close(): Promise<void> {
    // Not unref'ed: a process that waits for nothing else must not end before its last alert is sent.
    const timer = setTimeout(() => this.#abort.abort(), CLOSE_MS);
    await this.#sent;
    clearTimeout(timer);
  }

  #call(alert: Alert): void {
    if (this.#onAlert === undefined) return;
    if (this.#calling >= MOST_WAITING) {
      this.#failed('The callback of alerts hangs: it was not called', alert);
      return;
    }
    this.#calling += 1;
    new Promise((resolve) => resolve(this.#onAlert?.(alert)))
      .catch((error: unknown) => this.#failed('The callback of alerts failed', alert, error))
      .finally(() => {
        this.#calling -= 1;
      });
  }

  #send(alert: Alert): void {
    const webhook = this.#webhook;
    if (webhook === undefined) return;
    if (this.#sending >= MOST_WAITING) {
      this.#failed('Too many alerts wait for the webhook: one was not sent', alert);
      return;
    }
    this.#sending += 1;
    const message = { type: `alert.${alert.state}`, timestamp: alert.at, data: wire(alert) };
    this.#sent = this.#sent
      .then(() => webhook.send(`alert_${randomUUID()}`, message, this.#abort.signal))
      .catch((error: unknown) => this.#failed('An alert could not be sent', alert, error))
      .then(() => {
        this.#sending -= 1;
      });
  }

  #failed(message: string, { rule, state }: Alert, error?: unknown): void {
    const why = error === undefined ? {} : { error: String(error).slice(0, 200) };
    this.#logger.error(message, { rule, state, ...why });
  }
}

/** An alert as it is sent, in JSON. */
function wire({ rule, metric, state, value, threshold, service, tier, subject, since, at }: Alert) {
  return { rule, metric, state, value, threshold, service, tier, subject, since, at };
}
