import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBed, type Bed } from '../bed/bed.ts';
import { namespaceLimit } from '../parts/machine.ts';
import { openNetwork, type BedNetwork, type PodNamespace } from './bed-network.ts';
import { forwardingRules, openRouter, type BedRouter } from './open-router.ts';

it('lets through what goes to load balancers and comes from them, and refuses the rest aloud', () => {
  expect(forwardingRules([7])).toBe('*filter\n-A FORWARD -d 10.222.7.192/26 -j ACCEPT\n-A FORWARD -s 10.222.7.192/26 -j ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-net-unreachable\nCOMMIT\n');
});

const namespaces = namespaceLimit();
describe.skipIf(namespaces !== undefined)(`two networks of a bed${namespaces === undefined ? '' : ` (not run: ${namespaces})`}`, () => {
  let bed: Bed;
  let router: BedRouter;
  let west: BedNetwork;
  let caller: PodNamespace;
  let pod: PodNamespace;
  let balancer: string;
  beforeAll(async () => {
    bed = openBed();
    const east = await openNetwork(bed, { routed: true });
    west = await openNetwork(bed, { routed: true });
    router = await openRouter(bed, [east, west]);
    [caller, pod] = [await east.createNamespace(), await west.createNamespace()];
    balancer = west.takeBalancerAddress();
    await pod.addAddress(balancer);
  });
  afterAll(() => {
    bed.close();
  });

  it('do not reach each other’s pods, nor the machine behind the other bridge', () => {
    expect([knock(caller, pod.address), knock(caller, west.hostAddress)]).toEqual(['ENETUNREACH', 'ENETUNREACH']);
  });

  it('reach each other’s load balancers, until the router’s leg is cut', async () => {
    expect(knock(caller, balancer)).toBe('ECONNREFUSED');
    await router.cut(west);
    expect(knock(caller, balancer)).not.toBe('ECONNREFUSED');
    await router.mend(west);
    expect(knock(caller, balancer)).toBe('ECONNREFUSED');
  });

  it('leave no namespace and no link', () => {
    bed.close();
    const left = spawnSync('sh', ['-c', 'ip netns list; ip -oneline link'], { encoding: 'utf8' }).stdout;
    expect(left).not.toContain(bed.id);
  });
});

/** How a connection to a port that nobody listens on ends: a refusal is an answer too. */
function knock(from: PodNamespace, address: string): string {
  return spawnSync('ip', ['netns', 'exec', from.name, process.execPath, '-e', KNOCK, address], { encoding: 'utf8' }).stdout.trim();
}

const KNOCK = `
const socket = require('node:net').connect(9, process.argv[1]);
socket.on('error', (error) => { console.log(error.code); process.exit(); });
setTimeout(() => { console.log('silence'); process.exit(); }, 1500);
`;
