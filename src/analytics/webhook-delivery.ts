import { Delivery } from './delivery.js';
import type { ResolvedWebhook } from './webhook-options.js';
import { WebhookSignature } from './webhook-signature.js';

/** Sends signed messages to one webhook. */
export class WebhookDelivery {
  readonly #delivery: Delivery;
  readonly #signature: WebhookSignature;

  /** @throws ConfigError for a header field that cannot be sent */
  constructor(options: ResolvedWebhook) {
    const { secret } = options;
    this.#delivery = new Delivery(options);
    this.#signature = new WebhookSignature(secret === false ? [] : [secret].flat());
  }

  /**
   * Sends a message until it is taken.
   *
   * @param id the same whenever this message is tried
   * @throws DeliveryError when it is given up
   */
  send(id: string, message: unknown, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(message);
    return this.#delivery.send(body, () => this.#signature.headers(id, Date.now(), body), signal);
  }
}
