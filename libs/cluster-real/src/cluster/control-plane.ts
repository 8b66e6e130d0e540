import { join } from 'node:path';
import type { ProcessSpec } from '../bed/managed-process.ts';
import { binaryPath } from '../parts/part-cache.ts';
import { PARTS } from '../parts/part.ts';

/** Where the parts of one cluster's control plane listen and keep their files. */
export interface ControlPlanePlan {
  readonly folder: string;
  readonly ports: { readonly etcd: number; readonly etcdPeer: number; readonly api: number };
  /** One range a cluster: `10.96.0.0/16`. */
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly kubeconfigFile: string;
  readonly audit: boolean;
}

export function etcdSpec(plan: ControlPlanePlan): ProcessSpec {
  const client = `http://127.0.0.1:${plan.ports.etcd}`;
  const peer = `http://127.0.0.1:${plan.ports.etcdPeer}`;
  return {
    name: 'etcd',
    program: binaryPath(PARTS.etcd, 'server'),
    args: [
      '--name=default',
      `--data-dir=${join(plan.folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      // Nothing here outlives the machine, and an fsync for each write is what makes small clusters slow.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    logFile: join(plan.folder, 'etcd.log'),
  };
}

export function apiServerSpec(plan: ControlPlanePlan): ProcessSpec {
  const file = (name: string): string => join(plan.folder, name);
  const audit = plan.audit ? [`--audit-policy-file=${file('audit-policy.yaml')}`, `--audit-log-path=${file('audit.log')}`] : [];
  return {
    name: 'kube-apiserver',
    program: binaryPath(PARTS.kubernetes, 'kube-apiserver'),
    args: [
      `--etcd-servers=http://127.0.0.1:${plan.ports.etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${plan.ports.api}`,
      '--advertise-address=127.0.0.1',
      // Loopback is refused as an endpoint of the kubernetes Service.
      '--endpoint-reconciler-type=none',
      `--tls-cert-file=${file('serving.crt')}`,
      `--tls-private-key-file=${file('serving.key')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${file('tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${file('service-account.pub')}`,
      `--service-account-signing-key-file=${file('service-account.key')}`,
      '--service-account-extend-token-expiration=false',
      `--service-cluster-ip-range=${plan.serviceCidr}`,
      '--allow-privileged=true',
      // Webhooks and aggregated APIs are called at their endpoints: no kube-proxy runs on this machine to translate addresses.
      '--enable-aggregator-routing=true',
      ...audit,
    ],
    logFile: file('kube-apiserver.log'),
  };
}

export function controllerManagerSpec(plan: ControlPlanePlan, port: number): ProcessSpec {
  const file = (name: string): string => join(plan.folder, name);
  return {
    name: 'kube-controller-manager',
    program: binaryPath(PARTS.kubernetes, 'kube-controller-manager'),
    args: [
      `--kubeconfig=${plan.kubeconfigFile}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      '--leader-elect=false',
      '--use-service-account-credentials=false',
      `--service-account-private-key-file=${file('service-account.key')}`,
      `--root-ca-file=${file('ca.crt')}`,
      '--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller',
    ],
    logFile: file('kube-controller-manager.log'),
  };
}

export function schedulerSpec(plan: ControlPlanePlan, port: number): ProcessSpec {
  return {
    name: 'kube-scheduler',
    program: binaryPath(PARTS.kubernetes, 'kube-scheduler'),
    args: [`--kubeconfig=${plan.kubeconfigFile}`, '--bind-address=127.0.0.1', `--secure-port=${port}`, '--leader-elect=false'],
    logFile: join(plan.folder, 'kube-scheduler.log'),
  };
}

export function kwokSpec(plan: ControlPlanePlan, port: number): ProcessSpec {
  return {
    name: 'kwok',
    program: binaryPath(PARTS.kwok, 'kwok'),
    args: [
      `--kubeconfig=${plan.kubeconfigFile}`,
      '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
      // Without leases its nodes give a sign of life too seldom, and are taken for dead after 50 s.
      '--node-lease-duration-seconds=40',
      `--cidr=${plan.podCidr}`,
      `--node-port=${port}`,
      `--server-address=127.0.0.1:${port}`,
    ],
    logFile: join(plan.folder, 'kwok.log'),
  };
}
