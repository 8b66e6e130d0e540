import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ISTIO_VERSIONS, type IstioMinor } from '../parts/part.ts';
import { APP_IMAGE } from '../workload/app-image.ts';
import { expand } from './pod-fields.ts';
import type { Container } from './pod.ts';

/** What stands for a container's image on this machine. */
export interface ContainerProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Number of the user that it runs as; root where missing. */
  readonly user?: number;
}

/** Files of a node that programs of its pods use in place of what their images hold. */
export interface NodeFiles {
  readonly envoy: string;
  readonly istio: Readonly<Record<IstioMinor, IstioFiles>>;
}

/** What the images of one version of Istio hold. */
export interface IstioFiles {
  readonly istiod: string;
  readonly pilotAgent: string;
  readonly envoyBootstrap: string;
}

export interface ProgramContext {
  readonly files: NodeFiles;
  readonly environment: Readonly<Record<string, string>>;
  /** The pod's own root, where its volumes are. */
  readonly root: string;
  /** A kubeconfig with the pod's own service account. */
  readonly kubeconfigFile: string;
}

/** User of istiod and of proxies in Istio's images; its traffic is not redirected into the proxy. */
const ISTIO_USER = 1337;

/** The program of a container; undefined for one that only seems to run. */
export function containerProgram(container: Container, context: ProgramContext): ContainerProgram | undefined {
  const args = (container.args ?? []).map((text) => expand(text, context.environment));
  const env = context.environment;
  if (container.image === APP_IMAGE) {
    return { program: process.execPath, args: [join(import.meta.dirname, '..', 'workload', 'app.ts')], env };
  }
  const [image = '', tag = ''] = container.image.slice(container.image.lastIndexOf('/') + 1).split(':');
  const minor = istioMinorOf(tag);
  if (minor === undefined) return undefined;
  const files = context.files.istio[minor];
  if (image === 'pilot') return istiod(files, args, context);
  if (image !== 'proxyv2') return undefined;
  if (args[0] === 'istio-iptables') return { program: files.pilotAgent, args, env };
  return { program: files.pilotAgent, args, env: { ...env, ...proxyFiles(env, files, context.files.envoy) }, user: ISTIO_USER };
}

function istiod(files: IstioFiles, args: readonly string[], { environment, root, kubeconfigFile }: ProgramContext): ContainerProgram {
  // The chart names a kubeconfig that only istiods outside of their cluster are given.
  const given = join(root, environment['KUBECONFIG'] ?? '');
  const kubeconfig = environment['KUBECONFIG'] !== undefined && existsSync(given) ? given : kubeconfigFile;
  // What jwksResolverExtraRootCA adds lies at a path that nothing moves. Go's own name for it stands in for the machine's roots.
  const issuersRoots = join(root, 'cacerts', 'extra.pem');
  const env = {
    ...environment,
    KUBECONFIG: kubeconfig,
    ROOT_CA_DIR: join(root, environment['ROOT_CA_DIR'] ?? '/etc/cacerts'),
    ...(existsSync(issuersRoots) ? { SSL_CERT_FILE: issuersRoots } : {}),
  };
  return { program: files.istiod, args, env, user: ISTIO_USER };
}

/** Where this machine has what proxyv2 images hold at fixed places. */
function proxyFiles(environment: Readonly<Record<string, string>>, files: IstioFiles, envoy: string): Record<string, string> {
  // The injector writes it as JSON.
  const config = JSON.parse(environment['PROXY_CONFIG'] ?? '{}') as object;
  return { ISTIO_BOOTSTRAP: files.envoyBootstrap, PROXY_CONFIG: JSON.stringify({ ...config, binaryPath: envoy }) };
}

export function istioMinorOf(version: string): IstioMinor | undefined {
  // ISTIO_VERSIONS is a literal: its keys are exactly the minors.
  return (Object.keys(ISTIO_VERSIONS) as IstioMinor[]).find((minor) => version === minor || version.startsWith(`${minor}.`));
}
