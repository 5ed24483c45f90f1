import type { IncomingMessage } from 'node:http';
import type { ResolvedAuthenticate } from './options.js';
import { mayHaveTicket, ticketsIn } from './ticket-verifier.js';

/** A value of the form of an API key, whatever its parameter is called. */
const key = /[?&=]gw_[0-9A-Za-z]{49}(?=&|$)/;

/** A JWT under the name of RFC 6750, section 2.3. Its header is a JSON object, and so begins with `{"`. */
const token = /[?&]access_token=eyJ[\w-]*\.[\w-]+\.[\w-]*(?=&|$)/;

/**
 * Finds a credential of ours in a query: URLs are logged, and handed on in `Referer`. Anything else there belongs to
 * the upstream, whatever it is called.
 *
 * @returns what is wrong, for the client
 */
export function misplacedCredential({
  apiKeys,
  jwt,
  tickets,
}: Pick<ResolvedAuthenticate, 'apiKeys' | 'jwt' | 'tickets'>): (req: IncomingMessage) => string | undefined {
  return function findMisplaced(req) {
    const url = req.url ?? '';
    const start = url.indexOf('?');
    if (start === -1) return undefined;
    const query = url.slice(start);
    if (apiKeys !== false && key.test(query)) return 'An API key belongs in a header field, not in the URL';
    if (jwt && token.test(query)) return 'A token belongs in a header field, not in the URL';
    if (tickets && ticketsIn(query, tickets.parameter).length > 0 && !mayHaveTicket(req))
      return 'A ticket is for WebSockets and server-sent events alone';
    return undefined;
  };
}
