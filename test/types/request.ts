// Checked by `npm run types`: what handlers see of a request. Nothing here is run.
import type { IncomingMessage } from 'node:http';
import express5 from 'express';
import express4 from 'express4';
import type { GatewayContext, Identity, Verifier } from 'gatewright';
import { authenticate } from 'gatewright/authenticate';

declare module 'gatewright' {
  interface IdentityMetadata {
    readonly planOfTypeTest?: 'trial' | 'paid';
  }
}

/** Whether two types are the same, and not only fit. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_same: Same<A, B>): void => undefined;

express5().get('/', (req, res) => {
  same<typeof req.gateway, GatewayContext | undefined>(true);
  // @ts-expect-error there is no record before one of the middlewares has run
  res.send(req.gateway.id);
  // @ts-expect-error there is no such field
  res.send(req.gateway?.idd);
});

express4().get('/', (req, res) => {
  same<typeof req.gateway, GatewayContext | undefined>(true);
  // @ts-expect-error there is no record before one of the middlewares has run
  res.send(req.gateway.id);
});

export function plain(req: IncomingMessage): void {
  const identity = req.gateway?.identity;
  same<typeof identity, Identity | undefined>(true);
  if (identity === undefined) return;
  // What is declared has its type, and everything else has to be looked at.
  same<typeof identity.metadata.planOfTypeTest, 'trial' | 'paid' | undefined>(true);
  same<typeof identity.metadata.other, unknown>(true);
  // @ts-expect-error an identity is read, never written
  identity.tier = 'system';
}

/** For one identity alone, the parameter says what its metadata has. */
export function planOf(identity: Identity<{ readonly seats: number }>): number {
  // @ts-expect-error there is no such field
  identity.metadata.seat;
  return identity.metadata.seats;
}

const identity: Identity = {
  id: 'a',
  method: 'custom',
  tier: 'free',
  permissions: [],
  // @ts-expect-error it is `trial` or `paid`
  metadata: { planOfTypeTest: 'free' },
};
const verify: Verifier = () => ({ identity });
authenticate({ verify });
// @ts-expect-error a verdict has an identity, or says why not
authenticate({ verify: () => ({ id: 'a' }) });
