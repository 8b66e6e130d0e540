/** A Service as a node reads it. */
export interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

export interface EndpointSlice {
  readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

/** One port of a Service and where its connections go. */
export interface ServicePort {
  readonly port: number;
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

export interface ServiceEntry {
  readonly name: string;
  readonly namespace: string;
  readonly type: string;
  /** Empty for a headless Service. */
  readonly clusterIP: string;
  readonly loadBalancer: string | undefined;
  readonly ports: readonly ServicePort[];
}

/** Every Service with its ready endpoints, in the order of namespace and name. */
export function serviceTable(services: readonly Service[], slices: readonly EndpointSlice[]): ServiceEntry[] {
  const slicesOf = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`;
    slicesOf.set(key, [...(slicesOf.get(key) ?? []), slice]);
  }
  return services
    .map(({ metadata: { name, namespace }, spec, status }) => ({
      name,
      namespace,
      type: spec.type ?? 'ClusterIP',
      clusterIP: spec.clusterIP === undefined || spec.clusterIP === 'None' ? '' : spec.clusterIP,
      loadBalancer: status?.loadBalancer?.ingress?.[0]?.ip,
      ports: (spec.ports ?? [])
        .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
        .map((port) => ({ port: port.port, targets: targetsOf(slicesOf.get(`${namespace}/${name}`) ?? [], port.name ?? '') })),
    }))
    .sort((one, other) => (`${one.namespace}/${one.name}` < `${other.namespace}/${other.name}` ? -1 : 1));
}

function targetsOf(slices: readonly EndpointSlice[], portName: string): ServicePort['targets'] {
  return slices.flatMap(({ endpoints, ports }) => {
    const port = ports?.find(({ name }) => (name ?? '') === portName)?.port;
    if (port === undefined) return [];
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((address) => ({ address, port })));
  });
}

/** What a cluster's DNS would answer, as lines of /etc/hosts; `outside` are names of the world, with their addresses. */
export function hostsFile(table: readonly ServiceEntry[], outside: ReadonlyMap<string, string> = new Map()): string {
  const lines = table.flatMap(({ name, namespace, clusterIP, ports }) => {
    const names = `${name}.${namespace}.svc.cluster.local ${name}.${namespace}.svc ${name}.${namespace}`;
    if (clusterIP !== '') return [`${clusterIP} ${names}`];
    return [...new Set(ports.flatMap(({ targets }) => targets.map(({ address }) => address)))].map((address) => `${address} ${names}`);
  });
  return `${['127.0.0.1 localhost', ...lines, ...[...outside].map(([name, address]) => `${address} ${name}`)].join('\n')}\n`;
}

/** Chain that connections of a namespace's own programs pass after Istio's. */
export const SERVICE_CHAIN = 'MF-SERVICES';
/** Chain that connections to a load balancer's address pass. */
export const BALANCER_CHAIN = 'MF-BALANCERS';

/**
 * What kube-proxy would do, for one namespace, as input of iptables-restore: connections to a Service's address go to one of
 * its endpoints, each with equal chance; none refuses them.
 */
export function serviceRules(table: readonly ServiceEntry[], ownBalancers: ReadonlySet<string>): string {
  const rules = ['*nat', `:${SERVICE_CHAIN} - [0:0]`, `:${BALANCER_CHAIN} - [0:0]`];
  for (const { clusterIP, loadBalancer, ports } of table) {
    for (const { port, targets } of ports) {
      if (clusterIP !== '') rules.push(...balance(clusterIP, port, targets));
      if (loadBalancer !== undefined && ownBalancers.has(loadBalancer)) {
        const target = targets[0]?.port;
        if (target !== undefined && target !== port) rules.push(`-A ${BALANCER_CHAIN} -d ${loadBalancer}/32 -p tcp --dport ${port} -j REDIRECT --to-ports ${target}`);
      }
    }
  }
  return `${[...rules, 'COMMIT'].join('\n')}\n`;
}

function balance(address: string, port: number, targets: ServicePort['targets']): string[] {
  return targets.map((target, index) => {
    const left = targets.length - index;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`;
    return `-A ${SERVICE_CHAIN} -d ${address}/32 -p tcp --dport ${port}${chance} -j DNAT --to-destination ${target.address}:${target.port}`;
  });
}
