import { createHash } from 'node:crypto';

/** Addresses of one cluster. Two clusters get different pod and load-balancer ranges, so that a mesh over both can tell them apart. */
export interface AddressPlan {
  nodeAddress(index: number): string;
  podCidr(nodeIndex: number): string;
  /** The n-th pod address of the cluster. */
  podAddress(index: number): string;
  loadBalancerAddress(index: number): string;
}

export function createAddressPlan(clusterName: string): AddressPlan {
  const digest = createHash('sha256').update(clusterName).digest();
  const second = 128 + ((digest[0] ?? 0) % 100);
  const third = (digest[1] ?? 0) % 250;
  return {
    nodeAddress: (index) => `172.${16 + (second % 16)}.${(third + (index >> 8)) % 256}.${(index % 254) + 2}`,
    podCidr: (index) => `10.${second}.${index % 256}.0/24`,
    // A /16 holds 65,024 usable addresses; past it the next second octet follows.
    podAddress: (index) => `10.${second + Math.floor(index / 65_024)}.${Math.floor(index / 254) % 256}.${(index % 254) + 1}`,
    // 198.18.0.0/15 is set aside for benchmarks of network devices (RFC 2544): no route on the internet leads there.
    loadBalancerAddress: (index) => `198.${18 + (second % 2)}.${(third + Math.floor(index / 254)) % 256}.${(index % 254) + 1}`,
  };
}
