// @peculiar/x509 builds on decorators that need this polyfill before them.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** What a cluster serves with, and what its clients trust. */
export interface ServingCertificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const LIFETIME_MS = 365 * 24 * 60 * 60 * 1_000;

let shared: Promise<ServingCertificate> | undefined;

/** One certificate for all simulated clusters of the process: hundreds of them must be cheap. The authority's key is forgotten at once. */
export function sharedCertificate(): Promise<ServingCertificate> {
  shared ??= makeCertificate(new Date());
  return shared;
}

async function makeCertificate(now: Date): Promise<ServingCertificate> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const [authority, server] = await Promise.all([makeKeys(), makeKeys()]);
  // A minute back: clocks of clients in the same room may differ.
  const validity = { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + LIFETIME_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=simulated-cluster-ca',
    ...validity,
    signingAlgorithm: KEY_ALGORITHM,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: 'CN=kube-apiserver',
    issuer: ca.subject,
    ...validity,
    signingAlgorithm: KEY_ALGORITHM,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
        ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((value) => ({ type: 'dns' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64');
  return {
    certPem: certificate.toString('pem'),
    keyPem: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`,
    caPem: ca.toString('pem'),
  };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
}
