import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayContext, ServiceMatch } from '../core/context.js';
import type { GatewayError } from '../core/errors.js';
import type { Next } from '../core/middleware.js';
import type { Service } from './service.js';
import type { Target } from './target.js';
import type { WebSocketOpening } from './websocket-opening.js';

/** A request that is for a service. */
export interface ServiceRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: Next;
  readonly context: GatewayContext;
  readonly match: ServiceMatch;
  readonly service: Service;
  /** Where it asks for a WebSocket. */
  readonly opening: WebSocketOpening | undefined;
}

/** Hears what went wrong. */
export interface ExchangeReport {
  /** A target failed, and another one is tried. */
  retried(request: ServiceRequest, target: Target, cause: Error): void;
  /** The request failed. Without a refusal its answer had begun, and is cut. */
  failed(request: ServiceRequest, cause: Error, target?: Target, refusal?: GatewayError): void;
  /** What was said of the actual cost is no amount. */
  costRejected(request: ServiceRequest, cause: string): void;
}
