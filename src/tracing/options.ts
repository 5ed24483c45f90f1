import type { TracerProvider } from '@opentelemetry/api';
import { z } from 'zod';
import { objectWith } from '../core/options.js';

/** Options of `tracing()`. */
export interface TracingOptions {
  /** Where spans go. Default: the provider that is registered with `@opentelemetry/api`. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Begins a new trace for each request, whatever `traceparent` the client sends. Default false. */
  readonly newTrace?: boolean | undefined;
}

export const tracingSchema = z.strictObject({
  tracerProvider: objectWith<TracerProvider>('getTracer').optional(),
  newTrace: z.boolean().default(false),
});
