import type { Micros } from '../core/money.js';
import type { QuotaLease } from './quota-store.js';

/** One running request of a subject whose usage is in memory. */
export interface MemoryLease<Owner> extends QuotaLease {
  readonly costMicros: Micros;
  readonly owner: Owner;
  readonly expiresAt: number;
  /** Where it lies among the owner's leases; -1 when it holds no slot any more. */
  place: number;
  settled: boolean;
}

/** Takes a slot. */
export function take<Owner>(leases: MemoryLease<Owner>[], lease: MemoryLease<Owner>): void {
  lease.place = leases.push(lease) - 1;
}

/** Gives a slot back, once. */
export function release<Owner>(leases: MemoryLease<Owner>[], lease: MemoryLease<Owner>): void {
  if (lease.place === -1) return;
  const last = leases.pop() as MemoryLease<Owner>;
  if (last !== lease) {
    leases[lease.place] = last;
    last.place = lease.place;
  }
  lease.place = -1;
}

/** Gives slots back whose lease has expired. */
export function expire<Owner>(leases: MemoryLease<Owner>[], now: number): void {
  for (const lease of leases.filter((each) => each.expiresAt <= now)) release(leases, lease);
}
