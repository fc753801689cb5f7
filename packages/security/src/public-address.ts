import ipaddr from 'ipaddr.js';

const globalUnicastIPv6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
const nat64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];

/** Whether a host is an address rather than a name, in any form that a resolver may understand: decimal, octal, hexadecimal, short, IPv6. */
export function isAddressLiteral(host: string): boolean {
  return ipaddr.isValid(host);
}

/**
 * Whether an address belongs to the public Internet. Addresses that stand for another one (IPv4-mapped, NAT64) are judged by that one;
 * whatever is not known to be public is not.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  return address.kind() === 'ipv4' ? address.range() === 'unicast' : isPublicIPv6(address);
}

function isPublicIPv6(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (!(address instanceof ipaddr.IPv6)) return false;
  if (address.isIPv4MappedAddress() || address.match(nat64)) {
    return new ipaddr.IPv4(address.toByteArray().slice(-4)).range() === 'unicast';
  }
  return address.range() === 'unicast' && address.match(globalUnicastIPv6);
}
