import { MeshfleetError } from '@meshfleet/model';
import { closeSync, fstatSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { thisOwner } from '../bed/owner.ts';
import type { Bed } from '../bed/bed.ts';
import { overlaps } from './address-range.ts';
import { BRIDGE_PREFIX, clearNetwork, NAMESPACE_FILES, signalProcess } from './clear-network.ts';
import { runCommand } from './run-command.ts';

/** A bridge of a bed, with addresses that nothing else on the machine has. A bed has one, or several that a router keeps apart. */
export interface BedNetwork {
  /** The third number of its addresses. */
  readonly range: number;
  readonly bridge: string;
  /** The machine's own address on the bridge: what it offers to workloads listens here. */
  readonly hostAddress: string;
  /** An address that nobody has yet, in the range of load balancers. */
  takeBalancerAddress(): string;
  createNamespace(): Promise<PodNamespace>;
  close(): void;
}

/** The network of one pod: an address of its own, a link that can be cut. */
export interface PodNamespace {
  readonly name: string;
  readonly address: string;
  /** Adds an address that others reach this pod by, and tells them. */
  addAddress(address: string): Promise<void>;
  removeAddress(address: string): Promise<void>;
  /** What programs in the namespace find in /etc/hosts. */
  setHosts(text: string): void;
  /** Numbers of all processes that run in it. */
  processes(): Promise<number[]>;
  /** Takes the link down: nobody is told, packets are lost. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  remove(): Promise<void>;
}

const RANGES = 250;
const PODS = { first: 2, last: 191 };
const BALANCERS = { first: 192, last: 253 };
const ROUTER = 254;

/** What other networks of the bed may reach of one: the addresses of its load balancers, as `10.222.7.192/26`. */
export function balancerAddresses(range: number): string {
  return `10.222.${range}.${BALANCERS.first}/26`;
}

/** Where a bed's router is found in each of its networks. */
export function routerAddress(range: number): string {
  return `10.222.${range}.${ROUTER}`;
}

/** With `routed`, what is not of this network goes to the bed's router, which open-router.ts starts. */
export async function openNetwork(bed: Bed, { routed = false }: { routed?: boolean } = {}): Promise<BedNetwork> {
  const range = await claimRange(bed);
  const hostAddress = `10.222.${range}.1`;
  const gateway = routed ? routerAddress(range) : hostAddress;
  const bridge = `${BRIDGE_PREFIX}${range}`;
  const pods = takeTurns(bed, PODS);
  const balancers = takeTurns(bed, BALANCERS);
  return {
    range,
    bridge,
    hostAddress,
    takeBalancerAddress: () => `10.222.${range}.${balancers.take()}`,
    createNamespace: async () => {
      const octet = pods.take();
      const id = [range, octet].map((number) => number.toString(16).padStart(2, '0')).join('');
      return createNamespace({ bed, id, bridge, gateway, address: `10.222.${range}.${octet}`, release: () => pods.release(octet) });
    },
    close: () => {
      clearNetwork(bed.id);
    },
  };
}

function takeTurns(bed: Bed, { first, last }: { first: number; last: number }): { take(): number; release(octet: number): void } {
  let next = first;
  const free: number[] = [];
  return {
    take: () => {
      const octet = free.shift() ?? next++;
      if (octet > last) throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: `Bed ${bed.id} has no address left`, why: `A network has ${last - first + 1} of this sort.` });
      return octet;
    },
    release: (octet) => void free.push(octet),
  };
}

/** The kernel decides between beds that want the same range: a bridge of that name exists once. */
async function claimRange(bed: Bed): Promise<number> {
  const taken = await routes();
  const first = process.pid % RANGES;
  for (let step = 0; step < RANGES; step += 1) {
    const range = (first + step) % RANGES;
    const network = `10.222.${range}.0/24`;
    if (taken.some((route) => overlaps(route, network))) continue;
    const name = `${BRIDGE_PREFIX}${range}`;
    const batch = [
      `link add name ${name} type bridge`,
      `link set dev ${name} alias "${bed.id} ${thisOwner()}"`,
      `address add 10.222.${range}.1/24 dev ${name}`,
      `link set dev ${name} up`,
    ];
    try {
      await runCommand('ip', ['-batch', '-'], `${batch.join('\n')}\n`);
      return range;
    } catch (error) {
      if (!(error instanceof MeshfleetError && error.why?.includes('File exists') === true)) throw error;
    }
  }
  throw new MeshfleetError({ code: 'LIMIT_EXCEEDED', summary: 'No address range is free for a bed', why: 'Each bed takes one of 10.222.0.0/16.' });
}

async function routes(): Promise<string[]> {
  const parsed = JSON.parse(await runCommand('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as { dst: string }[]; // the command's own JSON
  return parsed.map(({ dst }) => dst).filter((dst) => dst !== 'default');
}

/**
 * Written over, not replaced: programs of the namespace have this very file mounted. And never empty in between: a name that is looked
 * up at that moment would not be known.
 */
function writeOver(file: string, text: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, text.padEnd(fstatSync(descriptor).size, '\n'), 0);
  } finally {
    closeSync(descriptor);
  }
}

interface NamespacePlan {
  readonly bed: Bed;
  /** Tells it from the bed's other namespaces; short, for links have at most 15 letters. */
  readonly id: string;
  readonly bridge: string;
  /** Where what is not of its network goes. */
  readonly gateway: string;
  readonly address: string;
  readonly release: () => void;
}

async function createNamespace({ bed, id, bridge, gateway, address, release }: NamespacePlan): Promise<PodNamespace> {
  const name = `${bed.id}-${id}`;
  const link = `${bed.id}v${id}`;
  const files = join(NAMESPACE_FILES, name);
  mkdirSync(files, { recursive: true });
  const hostsFile = join(files, 'hosts');
  writeFileSync(hostsFile, '127.0.0.1 localhost\n');
  // No name server: names that the hosts file lacks are unknown at once, not after a wait for the machine's.
  writeFileSync(join(files, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  await runCommand('ip', ['netns', 'add', name]);
  const outside = [`link add ${link} type veth peer name eth0 netns ${name}`, `link set dev ${link} master ${bridge}`, `link set dev ${link} up`];
  await runCommand('ip', ['-batch', '-'], `${outside.join('\n')}\n`);
  const inside = ['link set dev lo up', `address add ${address}/24 dev eth0`, 'link set dev eth0 up', `route add default via ${gateway}`];
  await runCommand('ip', ['-netns', name, '-batch', '-'], `${inside.join('\n')}\n`);
  // As kubelets set it: gateways listen on 80 and 443 without being root.
  await runCommand('ip', ['netns', 'exec', name, 'sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start']);
  const processes = async (): Promise<number[]> => (await runCommand('ip', ['netns', 'pids', name])).split('\n').filter(Boolean).map(Number);
  return {
    name,
    address,
    addAddress: async (extra) => {
      await runCommand('ip', ['-netns', name, 'address', 'replace', `${extra}/32`, 'dev', 'eth0']);
    },
    removeAddress: async (extra) => {
      await runCommand('ip', ['-netns', name, 'address', 'delete', `${extra}/32`, 'dev', 'eth0']);
    },
    setHosts: (text) => {
      writeOver(hostsFile, text);
    },
    processes,
    cut: async () => {
      await runCommand('ip', ['link', 'set', 'dev', link, 'down']);
    },
    mend: async () => {
      await runCommand('ip', ['link', 'set', 'dev', link, 'up']);
    },
    remove: async () => {
      // A namespace lives on with the processes in it, and an Envoy outlives the agent that started it.
      for (const pid of await processes()) signalProcess(pid, 'SIGKILL');
      await runCommand('ip', ['netns', 'delete', name]);
      rmSync(files, { recursive: true, force: true });
      release();
    },
  };
}
