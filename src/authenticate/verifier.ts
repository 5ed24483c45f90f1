import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Identity } from '../core/context.js';

/** A credential was valid, or was not. */
export type Verdict =
  | {
      readonly identity: Identity;
      /** The header field that carried the credential, in lower case; undefined where none did. */
      readonly header?: string;
    }
  | {
      readonly identity?: undefined;
      /** Why not, for the client. */
      readonly message: string;
      /** Value of `WWW-Authenticate`. */
      readonly challenge: string;
    };

/**
 * One method of authentication. It gives undefined where its kind of credential was not presented; otherwise its
 * verdict is final, and no other method is asked.
 */
export type Verifier = (
  req: IncomingMessage,
  context: GatewayContext,
) => Verdict | undefined | Promise<Verdict>;
