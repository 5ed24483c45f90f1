import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * An address as a subject. A customer with IPv6 has a whole subnet, so that its addresses count as one; an IPv4
 * address stands for itself.
 */
export function addressSubject(address: string, ipv6SubnetBits: number): string {
  if (ipv6SubnetBits === 128 || !isIPv6(address)) return `ip:${address}`;
  const [withoutZone = address] = address.split('%');
  const { parts } = ipaddr.IPv6.parse(withoutZone);
  const network = parts.map((part, at) => part & maskOf(ipv6SubnetBits - 16 * at));
  return `ip:${new ipaddr.IPv6(network).toString()}/${ipv6SubnetBits}`;
}

/** The mask of a group of 16 bits of which the first `bits` belong to the network. */
function maskOf(bits: number): number {
  return (0xffff << (16 - Math.max(0, Math.min(16, bits)))) & 0xffff;
}
