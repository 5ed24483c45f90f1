import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses and subnets (CIDR). */
export interface AddressList {
  has(address: string): boolean;
}

const lists = new WeakMap<readonly string[], AddressList>();

/** The list of these entries, compiled once. */
export function addressList(entries: readonly string[]): AddressList {
  let list = lists.get(entries);
  if (list === undefined) {
    list = compile(entries);
    lists.set(entries, list);
  }
  return list;
}

/** Whether a string is an address or a subnet. */
export function isAddressOrSubnet(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32));
}

/** Whether all of an address or a subnet is in one of these. */
export function isWithin(entries: readonly string[], inner: string): boolean {
  const [address = ''] = inner.split('/');
  return entries.some((entry) => bitsOf(entry) <= bitsOf(inner) && compile([entry]).has(address));
}

/** How many bits of an entry are the network's. */
function bitsOf(entry: string): number {
  const [address = '', bits] = entry.split('/');
  return bits === undefined ? (isIPv6(address) ? 128 : 32) : Number(bits);
}

function compile(entries: readonly string[]): AddressList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') };
}
