import { anonymousVerifier } from './anonymous.js';
import { apiKeyVerifier } from './api-key-verifier.js';
import type { KeyRing } from './key-ring.js';
import type { ResolvedAuthenticate } from './options.js';
import type { Verifier } from './verifier.js';

/** The methods in the order in which they are asked. */
export function createVerifiers(config: ResolvedAuthenticate, ring: KeyRing): readonly Verifier[] {
  const header = config.apiKeys === false ? 'x-api-key' : config.apiKeys.header;
  const verifiers: (Verifier | undefined)[] = [
    apiKeyVerifier(ring.known, header, config.adminKey, (record) => ring.used.note(record)),
    config.verify,
    anonymousVerifier(config.anonymous?.paths ?? []),
  ];
  return verifiers.filter((verifier) => verifier !== undefined);
}
