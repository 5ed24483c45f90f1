import { randomUUID } from 'node:crypto';
import { checkOptions } from '../core/options.js';
import { eventRecord } from './event-record.js';
import type { Sink } from './sink.js';
import { WebhookDelivery } from './webhook-delivery.js';
import { type ResolvedWebhook, type WebhookOptions, webhookSchema } from './webhook-options.js';

/**
 * Posts batches to a URL as `{"events":[...]}`, signed by the Standard Webhooks specification, and tries again with
 * growing pauses. A batch may arrive twice, then with the same `webhook-id`.
 *
 * @throws ConfigError for wrong options
 */
export function webhookSink(options: WebhookOptions): Sink {
  return webhookSinkOf(checkOptions('webhookSink', webhookSchema, options));
}

/** The same of options that were checked. */
export function webhookSinkOf(config: ResolvedWebhook): Sink {
  const delivery = new WebhookDelivery(config);
  return {
    name: 'webhook',
    write: (batch, signal) =>
      delivery.send(`evt_${randomUUID()}`, { events: batch.map(eventRecord) }, signal),
  };
}
