import type { Bed } from '../bed/bed.ts';
import { balancerAddresses, routerAddress, type BedNetwork } from './bed-network.ts';
import { runCommand } from './run-command.ts';

/**
 * What lies between the networks of a bed: a namespace with a leg in each of them. It lets through what goes to the address of a
 * load balancer, and the answers; pods of another network cannot be reached, and who tries is told at once.
 */
export interface BedRouter {
  /** Takes the network's leg down: what was under way to or from it is lost, and nobody is told. */
  cut(network: BedNetwork): Promise<void>;
  mend(network: BedNetwork): Promise<void>;
}

/** It is named as the bed's other namespaces are, and goes with them when the bed is closed. */
export async function openRouter(bed: Bed, networks: readonly BedNetwork[]): Promise<BedRouter> {
  const name = `${bed.id}-router`;
  await runCommand('ip', ['netns', 'add', name]);
  const legs = new Map(networks.map((network) => [network, `${bed.id}r${network.range}`]));
  const outside = [...legs].flatMap(([{ range, bridge }, link]) => [`link add ${link} type veth peer name net${range} netns ${name}`, `link set dev ${link} master ${bridge}`, `link set dev ${link} up`]);
  await runCommand('ip', ['-batch', '-'], `${outside.join('\n')}\n`);
  const inside = ['link set dev lo up', ...networks.flatMap(({ range }) => [`address add ${routerAddress(range)}/24 dev net${range}`, `link set dev net${range} up`])];
  await runCommand('ip', ['-netns', name, '-batch', '-'], `${inside.join('\n')}\n`);
  // Of this namespace alone: the machine itself goes on forwarding nothing.
  await runCommand('ip', ['netns', 'exec', name, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
  await runCommand('ip', ['netns', 'exec', name, 'iptables-restore'], forwardingRules(networks.map(({ range }) => range)));
  const set = (network: BedNetwork, state: 'up' | 'down') => runCommand('ip', ['link', 'set', 'dev', legs.get(network) ?? '', state]);
  return {
    cut: async (network) => {
      await set(network, 'down');
    },
    mend: async (network) => {
      await set(network, 'up');
    },
  };
}

export function forwardingRules(ranges: readonly number[]): string {
  const open = ranges.flatMap((range) => [`-A FORWARD -d ${balancerAddresses(range)} -j ACCEPT`, `-A FORWARD -s ${balancerAddresses(range)} -j ACCEPT`]);
  return ['*filter', ...open, '-A FORWARD -j REJECT --reject-with icmp-net-unreachable', 'COMMIT', ''].join('\n');
}
