// x509 asks for the metadata API when it is loaded.
import 'reflect-metadata';
import { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { generateKeyPairSync } from 'node:crypto';

export interface ServingCertificate {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

/** Signs what servers and clients of one bed show each other. */
export interface Authority {
  readonly caPem: string;
  /** A certificate for a server of these names and addresses, or for a client that is called so. */
  issue(commonName: string, names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[], use: 'SERVER' | 'CLIENT'): Promise<Omit<ServingCertificate, 'caPem'>>;
}

export async function createAuthority(commonName: string, now: Date): Promise<Authority> {
  const caKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const validity = { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 30 * DAY_MS) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${commonName} CA`,
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [new BasicConstraintsExtension(true, undefined, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true)],
  });
  let serial = 1;
  return {
    caPem: ca.toString('pem'),
    issue: async (subject, names, use) => {
      serial += 1;
      const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `CN=${subject}`,
        issuer: ca.subject,
        ...validity,
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        extensions: [
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([use === 'SERVER' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([...names]),
        ],
      });
      const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
      return { certPem: certificate.toString('pem'), keyPem: PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag) };
    },
  };
}

/** A certificate authority of its own for one API server, and what it serves with on loopback. */
export async function createServingCertificate(commonName: string, now: Date): Promise<ServingCertificate> {
  const authority = await createAuthority(commonName, now);
  const names = [{ type: 'ip', value: '127.0.0.1' }, { type: 'dns', value: 'localhost' }, { type: 'dns', value: 'kubernetes.default.svc' }] as const;
  return { caPem: authority.caPem, ...(await authority.issue(commonName, names, 'SERVER')) };
}

/** Signs and verifies service account tokens. */
export function createServiceAccountKey(): { privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
