import type { IncomingMessage } from 'node:http';
import { anonymousVerifier } from './anonymous.js';
import { hashApiKey } from './api-key.js';
import { apiKeyVerifier } from './api-key-verifier.js';
import { CHALLENGE } from './challenge.js';
import { presentedCredential } from './credentials.js';
import { jwtVerifier } from './jwt-verifier.js';
import type { KeyRing } from './key-ring.js';
import type { ResolvedAuthenticate } from './options.js';
import { SIGNATURE_CHALLENGE, signatureVerifier } from './signature-verifier.js';
import { ticketVerifier } from './ticket-verifier.js';
import type { Tickets } from './tickets.js';
import { tierNames } from './tier-names.js';
import type { Verifier } from './verifier.js';

/** The methods of one `authenticate()`. */
export interface Verifiers {
  /** In the order in which they are asked. */
  readonly all: readonly Verifier[];
  /** `WWW-Authenticate` for a request without a credential. */
  readonly challenge: string;
  /** Whether a request presents what has been valid before, which is cheap to judge and no guess. */
  isKnown(req: IncomingMessage): boolean;
}

export function createVerifiers(
  config: ResolvedAuthenticate,
  ring: KeyRing,
  issued: Tickets | undefined,
): Verifiers {
  const { adminKey, jwt, hmac, verify, anonymous, logger, tickets } = config;
  const header = keyHeaderOf(config);
  const keys = apiKeyVerifier(ring.known, header, adminKey, (record) => ring.used.note(record));
  const tiers = tierNames(config);
  const tokens = jwt && jwtVerifier(jwt, (name) => tiers.has(name), logger);
  const signatures = hmac && signatureVerifier(hmac);
  const all: (Verifier | undefined)[] = [
    issued && tickets ? ticketVerifier(issued, tickets.parameter, keys, signatures) : undefined,
    keys,
    tokens,
    signatures,
    verify,
    anonymousVerifier(anonymous?.paths ?? []),
  ];
  const bearer = config.apiKeys !== false || jwt !== undefined || hmac === undefined ? [CHALLENGE] : [];
  return {
    all: all.filter((verifier) => verifier !== undefined),
    challenge: [...bearer, ...(hmac ? [SIGNATURE_CHALLENGE] : [])].join(', '),
    isKnown(req) {
      const credential = presentedCredential(req, header);
      if (credential && ring.known?.has(hashApiKey(credential.value))) return true;
      return tokens?.isKnown(req) === true;
    },
  };
}

/** The field that carries a key, the administrator's too where there are no others. */
export function keyHeaderOf({ apiKeys }: Pick<ResolvedAuthenticate, 'apiKeys'>): string {
  return apiKeys === false ? 'x-api-key' : apiKeys.header;
}
