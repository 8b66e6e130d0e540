import type { KubeObject } from '@meshfleet/model';
import * as z from 'zod';
import type { DesiredStateDelta } from './desired-state-delta.ts';

/** `VirtualService.networking.istio.io/shop/reviews`. */
export const objectKeySchema = z.string().min(3).max(1024);
const key = objectKeySchema;
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
const policyId = z.string().min(1).max(64);
const entry = {
  key,
  hash: digest,
  policyId,
  drift: z.enum(['CORRECT', 'REPORT']),
  conflicts: z.enum(['REPORT', 'FORCE']),
  mode: z.enum(['METADATA']).optional(),
  takeOver: z.array(z.string().min(1).max(512)).min(1).max(100).optional(),
};

// Checked as far as an agent needs before it hands the object to its API server; every other field passes as it is.
export const kubeObjectSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().optional() }),
});

/** `{ entries, tombstones }` as the hub stores it under its digest. */
export const desiredStateSchema = z.object({
  entries: z.array(z.object(entry)),
  tombstones: z.array(z.object({ key, policyId })),
});

/** The body of `GET /agent/v1/state`. Members that a newer hub adds are ignored. */
export const desiredStateDeltaSchema: z.ZodType<DesiredStateDelta> = z.object({
  protocol: z.literal(1),
  organizationId: z.uuid(),
  clusterId: z.uuid(),
  epoch: z.int().nonnegative(),
  revision: z.int().nonnegative(),
  mode: z.enum(['ENFORCE', 'OBSERVE']),
  approvedDeletions: z.int().nonnegative(),
  issuedAt: z.iso.datetime(),
  base: digest.nullable(),
  digest,
  upsert: z.array(
    z
      .object({ ...entry, object: kubeObjectSchema.optional() })
      // The checks above make it a KubeObject; zod's loose type says only "record of unknown" for metadata's rest.
      .transform(({ object, ...entry }) => (object === undefined ? entry : { ...entry, object: object as KubeObject })),
  ),
  remove: z.array(key),
  tombstones: z.array(z.object({ key, policyId })),
});
