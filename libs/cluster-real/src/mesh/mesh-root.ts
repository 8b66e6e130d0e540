// x509 asks for the metadata API when it is loaded.
import 'reflect-metadata';
import type { KubeObject } from '@meshfleet/model';
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

/** A root of one mesh, made by hand as Istio's documentation does it with openssl. */
export interface MeshRoot {
  readonly certPem: string;
  /** An intermediate for the istiod of one cluster, as the Secret `cacerts` that it takes it from. */
  createCacerts(clusterName: string): Promise<KubeObject>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const SIGNS = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);

/** The name is the root's subject: peers tell roots apart by it. */
export async function createMeshRoot(name: string, now: Date): Promise<MeshRoot> {
  const validity = { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 30 * DAY_MS) };
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const extensions = [new BasicConstraintsExtension(true, undefined, true), SIGNS];
  const root = await X509CertificateGenerator.createSelfSigned({ serialNumber: '01', name: `O=${name},CN=${name}`, ...validity, signingAlgorithm: ALGORITHM, keys, extensions });
  const certPem = pem(root.toString('pem'));
  let serial = 1;
  return {
    certPem,
    createCacerts: async (clusterName) => {
      serial += 1;
      const own = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const intermediate = await X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(2, '0'),
        subject: `O=${name},CN=${clusterName}`,
        issuer: root.subject,
        ...validity,
        signingAlgorithm: ALGORITHM,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [new BasicConstraintsExtension(true, 0, true), SIGNS, new SubjectAlternativeNameExtension([{ type: 'dns', value: 'istiod.istio-system.svc' }])],
      });
      const certificate = pem(intermediate.toString('pem'));
      const key = pem(PemConverter.encode(await crypto.subtle.exportKey('pkcs8', own.privateKey), PemConverter.PrivateKeyTag));
      return {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'cacerts', namespace: 'istio-system' },
        stringData: { 'ca-cert.pem': certificate, 'ca-key.pem': key, 'root-cert.pem': certPem, 'cert-chain.pem': certificate + certPem },
      };
    },
  };
}

/** Ended by a line break, so that one may follow another. */
function pem(text: string): string {
  return `${text.trimEnd()}\n`;
}
