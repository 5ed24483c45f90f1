import type { Tickets } from '../authenticate/index.js';
import type { Identity } from '../core/context.js';
import type { Answers } from './endpoint.js';
import { sendJson } from './json.js';

/** Makes a ticket for whoever asks, for a WebSocket or server-sent events. */
export function ticketAnswers(tickets: Pick<Tickets, 'issue'>): Answers {
  return {
    POST: async (req, res) => {
      const { ticket, expiresAt } = await tickets.issue(req.gateway?.identity as Identity);
      sendJson(res, 201, { ticket, expires_at: expiresAt });
    },
  };
}
