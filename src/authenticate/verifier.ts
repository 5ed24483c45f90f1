import type { IncomingMessage } from 'node:http';
import type { GatewayContext, Identity } from '../core/context.js';

/** A valid credential. */
export interface Accepted {
  /** Who it is. */
  readonly identity: Identity;
  /** The header fields that carried the credential, in lower case: they are removed before the request goes on. */
  readonly headers?: readonly string[] | undefined;
}

/** A credential that is not valid. */
export interface Rejected {
  readonly identity?: undefined;
  readonly headers?: undefined;
  /** Why not, for the client. It helps nobody to guess. */
  readonly message: string;
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** The id of the API key that was presented, where there is such a key. For the audit log. */
  readonly keyId?: string | undefined;
}

/** What a method of authentication finds of a credential that was presented. */
export type Verdict = Accepted | Rejected;

/**
 * One method of authentication. It gives undefined where its kind of credential was not presented; otherwise its
 * verdict is final, and no other method is asked. A promise always has a verdict. It throws, or rejects with, a
 * GatewayError for other refusals, such as 503 where a store can't be asked.
 */
export type Verifier = (
  req: IncomingMessage,
  context: GatewayContext,
) => Verdict | undefined | PromiseLike<Verdict>;
