import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';
import { ConfigError } from './config-error.js';

/**
 * Which proxies in front may say who the client is, by `X-Forwarded-For`:
 * `false` none (default), `true` all, a number of hops, an address, a subnet, `loopback`, `linklocal` or
 * `uniquelocal`, a list of those, or a function of the address and its distance.
 */
export type TrustProxy =
  | boolean
  | number
  | string
  | readonly string[]
  | ((address: string, hop: number) => boolean);

/** How the client's address is read, compiled from a {@link TrustProxy}. */
export interface ClientAddress {
  /** The address of the client: the nearest one in the chain that is not a trusted proxy. */
  of(req: IncomingMessage): string;
  /** Whether what the peer says in forwarding fields is taken over. */
  trustsPeer(req: IncomingMessage): boolean;
}

/** The peer is the client, and what it says of others is not believed. */
export const directClient: ClientAddress = { of: peerAddress, trustsPeer: () => false };

/** @throws ConfigError for an address that is none */
export function compileTrustProxy(trustProxy: TrustProxy | undefined): ClientAddress {
  if (trustProxy === undefined || trustProxy === false || trustProxy === 0) return directClient;
  const trusts = compile(trustProxy);
  return {
    of(req) {
      const address = plain(proxyAddr(req, trusts));
      return isIP(address) ? address : peerAddress(req);
    },
    trustsPeer: (req) => trusts(peerAddress(req), 0),
  };
}

function compile(trustProxy: Exclude<TrustProxy, false>): (address: string, hop: number) => boolean {
  if (typeof trustProxy === 'function') return trustProxy;
  if (trustProxy === true) return () => true;
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy;
  try {
    return proxyAddr.compile([...(typeof trustProxy === 'string' ? [trustProxy] : trustProxy)]);
  } catch {
    throw new ConfigError([
      `\`trustProxy\` must be addresses, subnets, "loopback", "linklocal" or "uniquelocal", got ${JSON.stringify(trustProxy)}.`,
    ]);
  }
}

function peerAddress(req: IncomingMessage): string {
  return plain(req.socket.remoteAddress ?? '');
}

/** An IPv4 address that came in over a dual-stack socket, as IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
