import * as z from 'zod';
import { PROTOCOL } from './hub-messages.ts';
import { sealKeySchema, signKeySchema } from './jwk.ts';

// What agents say, and hubs read.

/** Largest body of a report after decompression, and of any request on the wire. Agents split what is larger. */
export const REPORT_LIMIT = 8 * 1024 * 1024;

const short = z.string().min(1).max(253);
// Postgres indexes rows of up to 2,704 bytes, and a key stands in one with two ids.
const key = z.string().min(3).max(1024).refine((text) => Buffer.byteLength(text) <= 2048, 'must be at most 2048 bytes');
const count = z.int().nonnegative();
const compact = z.string().max(4096);

export const enrolRequestSchema = z.object({
  protocol: z.literal(PROTOCOL),
  joinToken: z.string().min(10).max(200),
  /** UID of the kube-system namespace. */
  clusterUid: z.string().min(1).max(128),
  clusterName: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label: a-z, 0-9 and -, at most 63'),
  signKey: signKeySchema,
  sealKey: sealKeySchema,
  agentVersion: short,
  kubernetesVersion: short,
  proof: compact,
});
export type EnrolRequest = z.infer<typeof enrolRequestSchema>;

export const rotateKeysRequestSchema = z.object({ signKey: signKeySchema, sealKey: sealKeySchema, proof: compact });
export type RotateKeysRequest = z.infer<typeof rotateKeysRequestSchema>;

export const conditionSchema = z.object({
  key,
  policyId: z.uuid(),
  /** UNHEALTHY: applied, and its own status says that it is not well. Said only to hubs that say they take it. */
  status: z.enum(['APPLIED', 'FAILED', 'DRIFTED', 'CORRECTED', 'UNHEALTHY', 'DELETED']),
  /** CamelCase, as in Kubernetes' conditions. */
  reason: z.string().min(1).max(128),
  message: z.string().max(4096),
  /** The other field manager, when known. */
  manager: z.string().max(256).optional(),
  fields: z.array(z.string().max(512)).max(100).optional(),
  observedAt: z.iso.datetime(),
});
export type ReportedCondition = z.infer<typeof conditionSchema>;

/** Kinds whose schemas an agent may tell of: all meshes together have some fifty. */
const MOST_KIND_SCHEMAS = 500;

export const factsSchema = z.object({
  kubernetesVersion: short,
  nodeCount: z.int().nonnegative().max(1_000_000),
  region: z.string().max(63).optional(),
  zone: z.string().max(63).optional(),
  meshes: z
    .array(z.object({ flavour: z.enum(['ISTIO', 'LINKERD']), revision: z.string().max(253), version: z.string().max(128), namespace: z.string().max(63) }))
    .max(100),
  /** `networking.istio.io/v1/VirtualService`. */
  servedKinds: z.array(z.string().max(512)).max(5000),
  agentVersion: short.optional(),
  /** Digests of the schemas of served kinds: `{"VirtualService.networking.istio.io": "<SHA-256 of the ServedKind>"}`. */
  kindSchemas: z.record(z.string().max(512), z.string().regex(/^[0-9a-f]{64}$/)).refine((kinds) => Object.keys(kinds).length <= MOST_KIND_SCHEMAS, `At most ${MOST_KIND_SCHEMAS} kinds`).optional(),
  /** What this agent understands beyond the first version of the protocol; see {@link AGENT_FEATURES}. */
  features: z.array(z.string().max(64)).max(64).optional(),
});
export type Facts = z.infer<typeof factsSchema>;

export const inventorySchema = z.object({
  /** Rises by any amount with each inventory that is sent. */
  seq: z.int().positive(),
  /** `seq` of the inventory that it builds on; 0: the first part of a full snapshot, which replaces everything before it. */
  base: count,
  upsert: z.array(z.object({ key, body: z.record(z.string(), z.json()) })).max(20_000),
  remove: z.array(key).max(20_000),
  /** With this everything is told that came of the revision, which was acknowledged before. */
  asOf: count.optional(),
});
export type InventoryDelta = z.infer<typeof inventorySchema>;

export const reportSchema = z.object({
  /** Rises strictly with each report of a cluster. */
  seq: z.int().positive(),
  epoch: count,
  revision: count,
  /** Set when the revision is fully processed: the acknowledgement. */
  digest: z.string().length(64).optional(),
  conditions: z.object({
    /** True: objects that are not among the items are as desired. */
    full: z.boolean(),
    items: z.array(conditionSchema).max(20_000),
  }),
  facts: factsSchema.optional(),
  inventory: inventorySchema.optional(),
});
export type Report = z.infer<typeof reportSchema>;
