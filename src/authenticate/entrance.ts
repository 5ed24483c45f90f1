import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '../core/context.js';
import { AuthenticationError, PermissionError } from '../core/errors.js';
import type { ResolvedAuthenticate } from './options.js';
import { originCheck } from './origins.js';
import { misplacedCredential } from './query-credentials.js';
import { keyHeaderOf } from './verifiers.js';
import { isWebSocketUpgrade, readSubprotocols } from './web-socket.js';

/** Looks at how a request comes, before its credential is looked at. */
export type Entrance = (req: IncomingMessage, context: GatewayContext) => void;

/**
 * Refuses a WebSocket that a page of another site opens, and a credential where it doesn't belong. Neither counts as a
 * wrong credential: it is the page, or its author, that is wrong.
 *
 * @param challenge `WWW-Authenticate` of a refusal
 */
export function createEntrance(config: ResolvedAuthenticate, challenge: string): Entrance {
  const isAllowedOrigin = originCheck(config.origins);
  const misplaced = misplacedCredential(config);
  const header = keyHeaderOf(config);

  return function enter(req, context) {
    if (isWebSocketUpgrade(req)) {
      if (!isAllowedOrigin(req, context))
        throw new PermissionError('This origin may not open a WebSocket here', []);
      readSubprotocols(req, header);
    }
    const message = misplaced(req);
    if (message !== undefined) throw new AuthenticationError(message, challenge);
  };
}
