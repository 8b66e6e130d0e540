/** A running cluster, simulated or real, as tests, the demo and benchmarks see it. */
export interface Cluster {
  readonly name: string;
  /** `https://127.0.0.1:port` */
  readonly url: string;
  readonly caPem: string;
  /** Bearer token of a member of system:masters. */
  readonly adminToken: string;
  /** A kubeconfig in YAML; the administrator's by default. */
  kubeconfig(user?: { token: string; name?: string }): string;
  /** A token as the TokenRequest API mints it. */
  createToken(
    serviceAccount: { namespace: string; name: string },
    options?: { audiences?: string[]; expirationSeconds?: number },
  ): Promise<string>;
  stop(): Promise<void>;
}
