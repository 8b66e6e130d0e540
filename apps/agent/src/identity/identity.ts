import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { importSigningKey, publicSealJwk, publicSignJwk, signKeySchema } from '@meshfleet/protocol';
import type { SealJwk, SigningKey, SignJwk } from '@meshfleet/protocol';
import * as z from 'zod';

const keysSchema = z.object({ signKeyPem: z.string(), sealKeyPem: z.string(), createdAt: z.string() });

const enrolmentSchema = z.object({
  clusterId: z.string(),
  clusterName: z.string(),
  organizationId: z.string(),
  audience: z.string(),
  /** The organization's keys, pinned: desired states by any other are refused. */
  signingKeys: z.array(signKeySchema),
});

export const identitySchema = z.object({
  version: z.literal(1),
  keys: keysSchema,
  /** Made and stored before the hub is asked to take them: after a crash either pair may be the valid one. */
  nextKeys: keysSchema.optional(),
  /** SHA-256 of the join token that these keys were enrolled with, or are being. */
  joinTokenHash: z.string().optional(),
  enrolment: enrolmentSchema.optional(),
  /** The hub let go of this cluster: nothing is delivered or corrected until it enrols anew with another token. */
  evicted: z.boolean().optional(),
  /** Report sequences up to here may have been used. */
  seqReserved: z.number(),
});

export type AgentKeys = z.infer<typeof keysSchema>;
/** What the agent is, as its Secret keeps it. Private keys are made here and leave the cluster in no form. */
export type Identity = z.infer<typeof identitySchema>;

export interface PublicKeys {
  readonly signKey: SignJwk;
  readonly sealKey: SealJwk;
}

export function generateKeys(now: Date): AgentKeys {
  const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    signKeyPem: pem(generateKeyPairSync('ed25519').privateKey),
    sealKeyPem: pem(generateKeyPairSync('x25519').privateKey),
    createdAt: now.toISOString(),
  };
}

export function publicKeys(keys: AgentKeys): PublicKeys {
  return { signKey: publicSignJwk(createPrivateKey(keys.signKeyPem)), sealKey: publicSealJwk(createPrivateKey(keys.sealKeyPem)) };
}

export const signingKeyOf = (keys: AgentKeys): SigningKey => importSigningKey(keys.signKeyPem);
