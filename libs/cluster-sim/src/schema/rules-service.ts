import { isDeepStrictEqual } from 'node:util';
import { dns1123Label, dns1123Subdomain } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import type { Fields } from '../kinds/field.ts';
import { at, listAt, numberAt, textAt, textsAt } from '../kinds/field.ts';
import type { FieldErrors } from './field-errors.ts';
import type { KindRules, RuleContext } from './kind-rules.ts';
import type { Mutable } from './mutable.ts';
import { child, items, setDefault } from './mutable.ts';
import { validateLabels } from './object-meta.ts';
import { refuseFamilies, setFamilies } from './service-families.ts';
import { serviceAddresses, type ServiceAddresses } from './service-addresses.ts';
import { portNameProblem } from './validate-pod-spec.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const NODE_PORT_TYPES: ReadonlySet<string | undefined> = new Set(['NodePort', 'LoadBalancer']);
const hasNodePorts = (spec: Mutable): boolean => spec['type'] === 'NodePort' || (spec['type'] === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);

export const serviceRules: KindRules = {
  defaults(object) {
    const spec = child(object, 'spec');
    setDefault(spec, 'type', 'ClusterIP');
    setDefault(spec, 'sessionAffinity', 'None');
    if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
    if (spec['sessionAffinity'] === 'ClientIP') setDefault(child(child(spec, 'sessionAffinityConfig'), 'clientIP'), 'timeoutSeconds', 10_800);
    for (const port of items(spec, 'ports')) {
      setDefault(port, 'protocol', 'TCP');
      if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '') port['targetPort'] = port['port'];
    }
    if (spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer') setDefault(spec, 'externalTrafficPolicy', 'Cluster');
    if (spec['type'] !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
    if (spec['type'] === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
    setDefault(object, 'status', { loadBalancer: {} });
    if (spec['type'] === 'LoadBalancer') for (const ingress of items(child(child(object, 'status'), 'loadBalancer'), 'ingress')) if (ingress['ip'] !== undefined) setDefault(ingress, 'ipMode', 'VIP');
  },
  prepare(object, old, context) {
    const spec = child(object, 'spec');
    if (old !== undefined) {
      dropOfType(spec, old);
      carryOver(spec, old);
      keepNodePorts(spec, old);
      if (spec['type'] !== 'LoadBalancer') child(object, 'status')['loadBalancer'] = {};
    }
    if (spec['type'] === 'ExternalName') return;
    const addresses = serviceAddresses(context.registry, context.admission.store);
    if (spec['clusterIP'] === undefined || spec['clusterIP'] === '') spec['clusterIP'] = textsOf(spec['clusterIPs'])[0] ?? addresses.nextClusterIp();
    setDefault(spec, 'clusterIPs', [spec['clusterIP']]);
    setFamilies(spec);
    refuseFamilies(object, context);
    const probed = spec['type'] === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local';
    if (!probed) delete spec['healthCheckNodePort'];
    else if (Number(spec['healthCheckNodePort'] ?? 0) === 0) spec['healthCheckNodePort'] = Number(old === undefined ? 0 : (at(old, 'spec', 'healthCheckNodePort') ?? 0)) || addresses.nextNodePort(new Set());
    if (hasNodePorts(spec)) allocateNodePorts(spec, old === undefined, addresses);
  },
  validate(object, errors, context) {
    const type = textAt(object, 'spec', 'type') ?? '';
    errors.supported('spec.type', type, TYPES);
    errors.supported('spec.sessionAffinity', textAt(object, 'spec', 'sessionAffinity'), ['ClientIP', 'None']);
    const headless = textAt(object, 'spec', 'clusterIP') === 'None';
    const ports = listAt(object, 'spec', 'ports');
    if (ports.length === 0 && !headless && type !== 'ExternalName') errors.required('spec.ports');
    validatePorts(object, errors, context);
    validateLabels(at(object, 'spec', 'selector') as Record<string, string> | undefined, 'spec.selector', errors);
    if (type === 'ExternalName') validateExternalName(object, errors);
    else validateClusterIp(object, errors, context);
    if (type !== 'LoadBalancer' && textAt(object, 'spec', 'loadBalancerClass') !== undefined) errors.forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'");
    const traffic = textAt(object, 'spec', 'externalTrafficPolicy');
    if (traffic !== undefined && type !== 'NodePort' && type !== 'LoadBalancer' && textsAt(object, 'spec', 'externalIPs').length === 0) errors.invalid('spec.externalTrafficPolicy', traffic, 'may only be set for externally-accessible services');
    if (type === 'ClusterIP' && headless) warnHeadless(object, context);
    if (type !== 'ExternalName' && (textAt(object, 'spec', 'externalName') ?? '') !== '') context.warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
    if (type === 'LoadBalancer' && headless) errors.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services");
    if (type === 'NodePort' && headless) errors.invalid('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services");
  },
  validateStatus(object, errors) {
    const ingress = listAt(object, 'status', 'loadBalancer', 'ingress');
    if (textAt(object, 'spec', 'type') !== 'LoadBalancer' && ingress.length > 0) errors.forbidden('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'");
  },
  validateUpdate(object, old, errors) {
    const before = textAt(old, 'spec', 'clusterIP') ?? '';
    const after = textAt(object, 'spec', 'clusterIP') ?? '';
    const wasExternal = textAt(old, 'spec', 'type') === 'ExternalName';
    const isExternal = textAt(object, 'spec', 'type') === 'ExternalName';
    if (!wasExternal && !isExternal && before !== '' && after !== before) errors.invalid('spec.clusterIPs[0]', textsAt(object, 'spec', 'clusterIPs'), 'may not change once set');
  },
};

function warnHeadless(object: KubeObject, { warnings }: RuleContext): void {
  if ((textAt(object, 'spec', 'loadBalancerIP') ?? '') !== '') warnings.push('spec.loadBalancerIP is ignored for headless services');
  if (textsAt(object, 'spec', 'externalIPs').length > 0) warnings.push('spec.externalIPs is ignored for headless services');
  if (textAt(object, 'spec', 'sessionAffinity') !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
}

/** An update that leaves out what the API server gave keeps it: `kubectl replace` of a manifest works. */
function carryOver(spec: Mutable, old: KubeObject): void {
  const wasExternal = textAt(old, 'spec', 'type') === 'ExternalName';
  if (spec['type'] === 'ExternalName') {
    // What the old type had goes with it, and what the writer has set anew does not: that is refused.
    if (spec['clusterIP'] === at(old, 'spec', 'clusterIP')) for (const field of ['clusterIP', 'clusterIPs']) delete spec[field];
    for (const field of ['ipFamilies', 'ipFamilyPolicy']) if (spec[field] === at(old, 'spec', field) || !wasExternal) delete spec[field];
    return;
  }
  if (wasExternal) return;
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilyPolicy']) {
    const kept = at(old, 'spec', field);
    if (kept !== undefined && (spec[field] === undefined || spec[field] === '')) spec[field] = structuredClone(kept);
  }
  // A client that knows the old field alone changes that one: the list follows it.
  const address = spec['clusterIP'];
  if (typeof address === 'string' && address !== at(old, 'spec', 'clusterIP') && textsOf(spec['clusterIPs'])[0] !== address) spec['clusterIPs'] = [address];
}

/** A new Service has one port of its nodes for a port number, whatever the protocols; later ones get one each. */
function allocateNodePorts(spec: Mutable, isNew: boolean, addresses: ServiceAddresses): void {
  const ports = items(spec, 'ports');
  const taken = nodePortsOf(ports).add(Number(spec['healthCheckNodePort'] ?? 0));
  for (const port of ports) {
    if (Number(port['nodePort'] ?? 0) > 0) continue;
    const shared = isNew ? ports.find((other) => other['port'] === port['port'] && Number(other['nodePort'] ?? 0) > 0) : undefined;
    const free = shared === undefined ? addresses.nextNodePort(taken) : Number(shared['nodePort']);
    taken.add(free);
    port['nodePort'] = free;
  }
}

/** Ports keep those of the nodes by name, where both types have them and nobody has asked for others; they lose them with a type that has none. */
function keepNodePorts(spec: Mutable, old: KubeObject): void {
  if (!NODE_PORT_TYPES.has(textAt(old, 'spec', 'type'))) return;
  const before = listAt(old, 'spec', 'ports');
  const given = nodePortsOf(items(spec, 'ports'));
  if (!NODE_PORT_TYPES.has(textAt(spec, 'type'))) {
    if (given.isSubsetOf(nodePortsOf(before))) for (const port of items(spec, 'ports')) delete port['nodePort'];
    return;
  }
  const used = nodePortsOf(before).intersection(given);
  const byName = new Map(before.map((port) => [port['name'] ?? '', Number(port['nodePort'] ?? 0)]));
  for (const port of items(spec, 'ports')) {
    const kept = byName.get(port['name'] ?? '') ?? 0;
    if (Number(port['nodePort'] ?? 0) === 0 && kept !== 0 && !used.has(kept)) port['nodePort'] = kept;
  }
}

function nodePortsOf(ports: readonly Fields[]): Set<number> {
  return new Set(ports.map((port) => Number(port['nodePort'] ?? 0)).filter((port) => port !== 0));
}

/** What only the old type had use for goes with it, unless the writer changed it. */
function dropOfType(spec: Mutable, old: KubeObject): void {
  const before = textAt(old, 'spec', 'type') ?? '';
  const now = String(spec['type']);
  for (const [field, types] of TYPE_FIELDS) {
    if (types.includes(before) && !types.includes(now) && isDeepStrictEqual(spec[field], at(old, 'spec', field))) delete spec[field];
  }
}

/** Fields of a service that only some types have use for. */
const TYPE_FIELDS: readonly (readonly [field: string, types: readonly string[]])[] = [
  ['externalTrafficPolicy', ['NodePort', 'LoadBalancer']],
  ['internalTrafficPolicy', ['ClusterIP', 'NodePort', 'LoadBalancer']],
  ['allocateLoadBalancerNodePorts', ['LoadBalancer']],
  ['loadBalancerClass', ['LoadBalancer']],
];

function validatePorts(object: KubeObject, errors: FieldErrors, context: RuleContext): void {
  const ports = listAt(object, 'spec', 'ports');
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  const addresses = serviceAddresses(context.registry, context.admission.store);
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    const name = textAt(port, 'name') ?? '';
    if (name === '') {
      if (ports.length > 1) errors.required(`${path}.name`);
    } else {
      errors.problems(`${path}.name`, name, dns1123Label(name));
      if (names.has(name)) errors.duplicate(`${path}.name`, name);
      names.add(name);
    }
    errors.port(`${path}.port`, port['port'] ?? 0);
    errors.supported(`${path}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']);
    const target = port['targetPort'];
    if (typeof target === 'number') errors.port(`${path}.targetPort`, target);
    else if (typeof target === 'string' && (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(target) || target.length > 15 || !/[a-z]/i.test(target))) errors.invalid(`${path}.targetPort`, target, portNameProblem(target));
    const id = `${numberAt(port, 'port') ?? 0}/${textAt(port, 'protocol') ?? ''}`;
    if (numbers.has(id)) errors.duplicate(path, { Name: '', Protocol: port['protocol'], AppProtocol: null, Port: port['port'], TargetPort: 0, NodePort: 0 });
    numbers.add(id);
    const nodePort = numberAt(port, 'nodePort') ?? 0;
    if (nodePort === 0) return;
    const claim = `${nodePort}/${textAt(port, 'protocol') ?? ''}`;
    if (nodePorts.has(claim)) errors.duplicate(`${path}.nodePort`, nodePort);
    nodePorts.add(claim);
    if (textAt(object, 'spec', 'type') === 'ClusterIP') errors.forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'");
    else if (nodePort < 30_000 || nodePort > 32_767) errors.invalid(`${path}.nodePort`, nodePort, 'provided port is not in the valid range. The range of valid ports is 30000-32767');
    else if (addresses.nodePortTaken(nodePort, object.metadata.uid ?? '')) errors.invalid(`${path}.nodePort`, nodePort, 'provided port is already allocated');
  });
}

function validateExternalName(object: KubeObject, errors: FieldErrors): void {
  const name = (textAt(object, 'spec', 'externalName') ?? '').replace(/\.$/, '');
  if (name === '') errors.required('spec.externalName');
  else errors.problems('spec.externalName', name, dns1123Subdomain(name));
  const address = textAt(object, 'spec', 'clusterIP') ?? '';
  if (address !== '') errors.forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
}

function validateClusterIp(object: KubeObject, errors: FieldErrors, context: RuleContext): void {
  const address = textAt(object, 'spec', 'clusterIP') ?? '';
  if (address === 'None' || address === '') return;
  const addresses = serviceAddresses(context.registry, context.admission.store);
  const all = textsAt(object, 'spec', 'clusterIPs');
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address) && !address.includes(':')) errors.invalid('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  else if (!addresses.inRange(address)) errors.invalid('spec.clusterIPs', all, `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is 10.96.0.0/16`);
  else if (addresses.clusterIpTaken(address, object.metadata.uid ?? '')) errors.invalid('spec.clusterIPs', all, `failed to allocate IP ${address}: provided IP is already allocated`);
}

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
