import { listAt, textAt } from '../kinds/field.ts';
import type { Controller, ControllerContext } from './context.ts';
import { infoOf, isKind, keyOf, splitKey, writeStatus } from './context.ts';

/** The cloud's part: Services of type LoadBalancer get an address, and lose it when they change type. */
export function loadBalancerController(context: ControllerContext): Controller {
  const services = infoOf(context, '', 'services');
  const taken = new Map<string, string>();
  for (const service of context.store.list(services)) {
    const address = textAt(listAt(service, 'status', 'loadBalancer', 'ingress')[0], 'ip');
    if (address !== undefined) taken.set(address, keyOf(service));
  }
  return {
    name: 'load-balancer',
    keysOf(event) {
      if (!isKind(event, '', 'services')) return [];
      if (event.type === 'DELETED') for (const [address, owner] of taken) if (owner === keyOf(event.object)) taken.delete(address);
      return event.type === 'DELETED' ? [] : [keyOf(event.object)];
    },
    reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = context.store.get(services, namespace, name);
      if (service === undefined) return;
      const ingress = listAt(service, 'status', 'loadBalancer', 'ingress');
      // A class of its own means a controller of its own, which nobody runs here.
      const wanted = textAt(service, 'spec', 'type') === 'LoadBalancer' && textAt(service, 'spec', 'loadBalancerClass') === undefined;
      if (wanted && ingress.length === 0) {
        const address = textAt(service, 'spec', 'loadBalancerIP') || freeAddress();
        taken.set(address, key);
        writeStatus(context, services, service, { loadBalancer: { ingress: [{ ip: address, ipMode: 'VIP' }] } });
      } else if (textAt(service, 'spec', 'type') !== 'LoadBalancer' && ingress.length > 0) {
        for (const [address, owner] of taken) if (owner === key) taken.delete(address);
        writeStatus(context, services, service, { loadBalancer: {} });
      }
    },
  };

  function freeAddress(): string {
    let index = 0;
    while (taken.has(context.addresses.loadBalancerAddress(index))) index += 1;
    return context.addresses.loadBalancerAddress(index);
  }
}
