import { hash } from 'node:crypto';

/** The first 64 bits of a digest, as two integers of 32. */
export interface Digest {
  readonly high: number;
  readonly low: number;
}

/** Digest of a key, or of a target's id. The same in every process, so that replicas agree. */
export function digestOf(text: string): Digest {
  const hex = hash('sha256', text);
  return { high: Number.parseInt(hex.slice(0, 8), 16), low: Number.parseInt(hex.slice(8, 16), 16) };
}

/**
 * How much a key belongs to a target: weighted rendezvous hashing (Schindelhauer and Schomaker, 2005). The target with
 * the highest score has it. Each target is highest for its weight's share of the keys, and one that comes, goes or
 * changes its weight moves no key between the others.
 */
export function rendezvousScore(key: Digest, target: Digest, weight: number): number {
  const mixed = mix(mix(key.low ^ target.low) ^ key.high ^ target.high) >>> 0;
  // Half a step up, as the logarithms of 0 and 1 give no score.
  return -weight / Math.log((mixed + 0.5) / 2 ** 32);
}

/** Each bit of the result hangs on every bit given: MurmurHash3's finalizer. */
function mix(bits: number): number {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
