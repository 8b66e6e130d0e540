/** How to reach one API server and prove who we are. */
export interface ClusterAccess {
  /** `https://10.0.0.1:443`, without trailing slash. */
  readonly server: string;
  readonly caPem?: string | undefined;
  /** Name to verify in the certificate when it differs from the host. */
  readonly tlsServerName?: string | undefined;
  readonly skipTlsVerify?: boolean | undefined;
  /** Namespace that the context or the pod is in. */
  readonly namespace?: string | undefined;
  /** Credentials for the next request. `renew` asks for fresh ones, because the last were refused. */
  credentials(renew?: boolean): Promise<Credentials>;
}

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly clientCertPem?: string | undefined;
  readonly clientKeyPem?: string | undefined;
}
