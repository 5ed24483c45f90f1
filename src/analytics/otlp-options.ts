import { z } from 'zod';
import { type DeliveryOptions, deliveryShape } from './webhook-options.js';

/** Options of `otlpSink()`. `url` is that of the metrics, such as `http://localhost:4318/v1/metrics`. */
export interface OtlpSinkOptions extends DeliveryOptions {
  /**
   * Attributes of the resource, merged over `service.name` (`gatewright`) and `service.instance.id` (a new UUID: each
   * process has its own series).
   */
  readonly resource?: Readonly<Record<string, string>> | undefined;
}

export const otlpSchema = z.strictObject({
  ...deliveryShape,
  resource: z.record(z.string().min(1).max(255), z.string().max(1024)).default({}),
});

/** Options with their defaults. */
export type ResolvedOtlp = z.output<typeof otlpSchema>;
