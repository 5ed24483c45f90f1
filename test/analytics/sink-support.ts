import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Logger } from 'gatewright';
import type { RequestEvent } from '../../src/analytics/request-event.js';
import { serve } from '../helpers.js';
import { recordOf } from './support.js';

/** An event of a request that went well, but for what is said. */
export function event(changes: Partial<RequestEvent> = {}): RequestEvent {
  return recordOf({
    timestamp: Date.parse('2024-01-01T12:00:00Z'),
    id: 'request-1',
    subject: 'key:abc',
    durationMs: 12.3456789,
    upstreamMs: undefined,
    bytesOut: 10,
    cost: 0.002,
    ...changes,
  });
}

/** So many events, with ids from 0 on. */
export function events(count: number): RequestEvent[] {
  return Array.from({ length: count }, (_, index) => event({ id: String(index) }));
}

/** A logger that keeps its lines. */
export function lines() {
  const said: { level: string; message: string; details: Record<string, unknown> | undefined }[] = [];
  const at = (level: string) => (message: string, details?: Record<string, unknown>) => {
    said.push({ level, message, details });
  };
  const logger: Logger = { info: at('info'), warn: at('warn'), error: at('error') };
  return { said, logger };
}

/** What a receiver was sent. */
export interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that keeps what it is sent, and answers each time as it is told. */
export async function receiver(answer: (res: ServerResponse, nth: number) => void = (res) => void res.end()) {
  const received: Received[] = [];
  const arrivals = new EventEmitter();
  const { url, server, port } = await serve(async (req, res) => {
    const body = await text(req);
    received.push({ method: req.method, url: req.url, headers: req.headers, body });
    answer(res, received.length);
    arrivals.emit('arrival');
  });
  /** Waits until so many have arrived. */
  async function until(count: number): Promise<void> {
    while (received.length < count) await once(arrivals, 'arrival');
  }
  return { url, port, server, received, until };
}

/** A signal that is never aborted. */
export const never = new AbortController().signal;
