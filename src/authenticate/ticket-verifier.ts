import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Identity } from '../core/context.js';
import type { ApiKeyVerifier } from './api-key-verifier.js';
import { INVALID_CHALLENGE } from './challenge.js';
import { parametersOf, withoutParameters } from './query.js';
import type { SignatureVerifier } from './signature-verifier.js';
import { TICKET_PREFIX, type Tickets } from './tickets.js';
import type { Verdict, Verifier } from './verifier.js';
import { isWebSocketUpgrade, takeSubprotocols } from './web-socket.js';

/** A request that a framework may have moved: what the client has sent is in `originalUrl`. */
type MountedRequest = IncomingMessage & { originalUrl?: string };

const invalid: Verdict = { message: 'Invalid ticket', challenge: INVALID_CHALLENGE };

/** The parameters of a query that are tickets, as they stand there. A parameter of another form is the upstream's. */
export function ticketsIn(url: string, parameter: string): string[] {
  const beginning = `${parameter}=${TICKET_PREFIX}`;
  return url.includes(beginning) ? parametersOf(url).filter((each) => each.startsWith(beginning)) : [];
}

/** Whether a request is of a kind to which a browser can add no header fields: a WebSocket, or server-sent events. */
export function mayHaveTicket(req: IncomingMessage): boolean {
  if (req.method !== 'GET') return false;
  return (
    isWebSocketUpgrade(req) || /(?:^|,)\s*text\/event-stream\s*(?:$|[,;])/i.test(req.headers.accept ?? '')
  );
}

/**
 * Judges tickets, and takes them off the request: the upstream gets the rest of the query as it came. Whatever a ticket
 * stands for is judged as it is now: a key that has been revoked since is refused, and so is one in the wrong place.
 */
export function ticketVerifier(
  tickets: Tickets,
  parameter: string,
  apiKeys: ApiKeyVerifier,
  signatures: SignatureVerifier | undefined,
): Verifier {
  return function verifyTicket(req, context) {
    const presented = takeTickets(req, context, parameter);
    const [ticket] = presented;
    if (ticket === undefined) return undefined;
    return presented.length === 1 ? judge(ticket, context) : invalid;
  };

  async function judge(ticket: string, context: GatewayContext): Promise<Verdict> {
    const holder = await tickets.take(ticket);
    if (holder === undefined) return invalid;
    if (holder.keyHash !== undefined) return apiKeys.judge(holder.keyHash, context);
    if (holder.expiresAt !== undefined && Date.now() >= holder.expiresAt) return invalid;
    const identity = await currentIdentity(holder.identity);
    return identity ? { identity } : invalid;
  }

  async function currentIdentity(identity: Identity): Promise<Identity | undefined> {
    return identity.method === 'hmac' ? signatures?.identityOf(identity.id) : identity;
  }
}

function takeTickets(req: MountedRequest, context: GatewayContext, parameter: string): string[] {
  const presented = isWebSocketUpgrade(req) ? takeSubprotocols(req, 'gateway.ticket.') : [];
  const { url = '', originalUrl } = req;
  const found = ticketsIn(url, parameter);
  if (found.length === 0) return presented;
  req.url = withoutParameters(url, found);
  if (originalUrl !== undefined) req.originalUrl = withoutParameters(originalUrl, found);
  if (context.service)
    context.service = { ...context.service, rest: withoutParameters(context.service.rest, found) };
  return [...presented, ...found.map((each) => each.slice(parameter.length + 1))];
}
