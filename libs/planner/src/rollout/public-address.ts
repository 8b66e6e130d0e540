import { BlockList, isIP, isIPv4 } from 'node:net';

/** Addresses that are not the internet's: a webhook of a tenant must not reach what lies beside the hub. */
const NOT_PUBLIC = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) NOT_PUBLIC.addSubnet(net, prefix, 'ipv4');
/** Of version 6 only what is handed out for the internet (RFC 4291), less what leads elsewhere or nowhere. */
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');
const NOT_PUBLIC_6 = new BlockList();
// Teredo, benchmarks, ORCHID, documentation, 6to4 (which carries an address of version 4), documentation (RFC 9637).
for (const [net, prefix] of [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) NOT_PUBLIC_6.addSubnet(net, prefix, 'ipv6');

/** Whether an address belongs to the internet. Addresses of version 4 in the clothes of version 6 do not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !NOT_PUBLIC.check(address, 'ipv4');
  const [bare = ''] = address.split('%');
  return GLOBAL_UNICAST.check(bare, 'ipv6') && !NOT_PUBLIC_6.check(bare, 'ipv6');
}

/** Hosts of a list with commas, as `ROLLOUT_WEBHOOK_PRIVATE_HOSTS` names those that are called though they are not on the internet. */
export function parseHosts(text: string): ReadonlySet<string> {
  return new Set(text.split(',').map((host) => host.trim().toLowerCase()).filter((host) => host !== ''));
}

/** Names that lead to no address of the internet: of one machine, one cluster or one site (RFC 6761, RFC 6762, `.internal` of ICANN). */
const PRIVATE_NAME = /^[^.]+$|\.(localhost|local|internal|svc)$/;

/** The host of an address, where it is known without asking a name server that it is not on the internet. */
export function privateHostOf(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$|\.$/g, '');
  const isPrivate = isIP(host) === 0 ? PRIVATE_NAME.test(host) : !isPublicAddress(host);
  return isPrivate ? host : undefined;
}
