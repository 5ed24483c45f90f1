import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import { type JwtKey, jwtKey } from './jwt-keys.js';

/** No provider's keys come near it. */
const MAX_BYTES = 262_144;

/**
 * Asks a provider for its keys: one request, to this URL alone, answered whole within the time and of a size that can
 * be kept. What is no key for one of the algorithms is left out.
 *
 * @throws any error if there is no such answer
 */
export async function fetchKeys(
  url: string,
  timeoutMs: number,
  algorithms: readonly JwtAlgorithm[],
): Promise<readonly JwtKey[]> {
  const response = await fetch(url, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The keys can't be had: status ${response.status}`);
  }
  const keys = keysIn(JSON.parse(await bounded(response)), algorithms);
  if (keys.length === 0) throw new Error('There is no key for one of the algorithms');
  return keys;
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`The keys have more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function keysIn(document: unknown, algorithms: readonly JwtAlgorithm[]): JwtKey[] {
  const jwks: unknown = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(jwks)) throw new Error('The answer is not a set of keys');
  return jwks.flatMap((jwk) => {
    const key = keyOf(jwk, algorithms);
    return key && key.algorithms.size > 0 ? [key] : [];
  });
}

/** A key for signatures (RFC 7517, section 4). One that is published with its private part is everybody's. */
function keyOf(jwk: JsonWebKey | null, algorithms: readonly JwtAlgorithm[]): JwtKey | undefined {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) return undefined;
  const { use = 'sig', key_ops: operations = ['verify'], alg, kid } = jwk;
  if (use !== 'sig' || !Array.isArray(operations) || !operations.includes('verify')) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  const allowed = alg === undefined ? algorithms : algorithms.filter((algorithm) => algorithm === alg);
  try {
    return jwtKey(createPublicKey({ key: jwk, format: 'jwk' }), allowed, kid);
  } catch {
    return undefined;
  }
}
