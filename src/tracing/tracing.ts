import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  context as contexts,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { contextOf } from '../core/context.js';
import type { Middleware, Next } from '../core/middleware.js';
import { checkOptions } from '../core/options.js';
import { outcomeAttributes, requestAttributes, spanName } from './attributes.js';
import { type TracingOptions, tracingSchema } from './options.js';

/**
 * Makes a server span of each request, by OpenTelemetry's semantic conventions for HTTP: it goes on the trace of the
 * client's `traceparent`, and goes upstream in the same field. What comes after runs within it. It goes first. Without an
 * SDK that is registered it does next to nothing.
 *
 * @throws ConfigError for wrong options
 */
export function tracing(options: TracingOptions = {}): Middleware {
  const { tracerProvider, newTrace } = checkOptions('tracing', tracingSchema, options);
  const tracer = (tracerProvider ?? trace).getTracer('gatewright');

  return function tracingMiddleware(req: IncomingMessage, res: ServerResponse, next: Next): void {
    const context = contextOf(req, res);
    const parent = newTrace ? ROOT_CONTEXT : propagation.extract(contexts.active(), req.headers);
    const attributes = requestAttributes(req, context);
    const span = tracer.startSpan(spanName(req, context), { kind: SpanKind.SERVER, attributes }, parent);
    const within = trace.setSpan(parent, span);
    const fields: Record<string, string> = {};
    propagation.inject(within, fields);
    context.traceHeaders = fields;
    context.outcome.onEnd((ending) => {
      span.setAttributes(outcomeAttributes(context, ending));
      span.updateName(spanName(req, context));
      if (context.outcome.status >= 500 || ending === 'failed')
        span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    contexts.with(within, next);
  };
}
