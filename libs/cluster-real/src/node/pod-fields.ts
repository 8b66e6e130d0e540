import type { EnvironmentVariable, Pod } from './pod.ts';

/** What the downward API gives for a field of a pod. */
export function podField(pod: Pod, address: string, hostAddress: string, path: string): string {
  const { metadata, spec } = pod;
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map === 'labels' && key !== undefined) return metadata.labels?.[key] ?? '';
  if (map === 'annotations' && key !== undefined) return metadata.annotations?.[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'metadata.labels':
      return lines(metadata.labels ?? {});
    case 'metadata.annotations':
      return lines(metadata.annotations ?? {});
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return address;
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostAddress;
    default:
      return '';
  }
}

/**
 * The environment of a container. Limits of memory and processors are left out: without limits of its own a process is told
 * those of its node, which here is not the machine.
 */
export function containerEnvironment(variables: readonly EnvironmentVariable[], field: (path: string) => string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of variables) {
    if (valueFrom?.fieldRef !== undefined) environment[name] = field(valueFrom.fieldRef.fieldPath);
    else if (valueFrom === undefined) environment[name] = expand(value ?? '', environment);
  }
  return environment;
}

/** `$(NAME)` of what comes before, as in command lines and variables of pods. */
export function expand(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string) => environment[name] ?? whole);
}

function lines(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
