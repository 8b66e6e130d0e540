import { canonicalJson } from '@meshfleet/model';
import * as z from 'zod';
import { normalizeState } from './desired-state.ts';
import type { DesiredState } from './desired-state.ts';
import { sha256Hex } from './sha256.ts';

// What the first version of the protocol reads and writes, as agents and hubs of that version do that are still at work. Nothing in here follows the
// schemas of today: that is what it is for.

const key = z.string().min(3).max(1024);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const short = z.string().min(1).max(253);
const entry = { key, hash: digest, policyId: z.string().min(1).max(64), drift: z.enum(['CORRECT', 'REPORT']), conflicts: z.enum(['REPORT', 'FORCE']) };

const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('desired'), id: z.string(), data: z.object({ epoch: count, revision: count, digest: z.string(), mode: z.enum(['ENFORCE', 'OBSERVE']), approvedDeletions: count }) }),
  z.object({ event: z.literal('control'), data: z.object({ type: z.enum(['approved', 'quarantined', 'evicted', 'resync-inventory', 'reenroll']) }) }),
]);

/** As an agent of the first version reads what a hub says. */
export const FIRST_AGENT = {
  event,
  poll: z.object({ events: z.array(event), cursor: z.string() }),
  reportResponse: z.object({ seq: count, resyncInventory: z.boolean().optional() }),
  deltaEntry: z.object({ ...entry, object: z.looseObject({}).optional() }),
  digestOf(state: DesiredState): string {
    const { entries, tombstones } = normalizeState(state);
    return sha256Hex(
      canonicalJson({
        entries: entries.map((each) => [each.key, each.hash, each.policyId, each.drift, each.conflicts]),
        tombstones: tombstones.map((each) => [each.key, each.policyId]),
      }),
    );
  },
};

/** As agents read dry runs that know of them, and of no hand-back. */
export const FIRST_DRY_RUN = {
  request: z.object({
    objects: z.array(z.looseObject({ apiVersion: z.string().min(1), kind: z.string().min(1), metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().optional() }) })).min(1).max(500),
    conflicts: z.enum(['REPORT', 'FORCE']),
  }),
};

/** As a hub of the first version reads what an agent says. */
export const FIRST_HUB = {
  report: z.object({
    seq: z.int().positive(),
    epoch: count,
    revision: count,
    digest: z.string().length(64).optional(),
    conditions: z.object({
      full: z.boolean(),
      items: z.array(
        z.object({
          key,
          policyId: z.uuid(),
          status: z.enum(['APPLIED', 'FAILED', 'DRIFTED', 'CORRECTED', 'DELETED']),
          reason: z.string().min(1).max(128),
          message: z.string().max(4096),
          manager: z.string().max(256).optional(),
          fields: z.array(z.string().max(512)).max(100).optional(),
          observedAt: z.iso.datetime(),
        }),
      ),
    }),
    facts: z
      .object({
        kubernetesVersion: short,
        nodeCount: count,
        region: z.string().max(63).optional(),
        zone: z.string().max(63).optional(),
        meshes: z.array(z.object({ flavour: z.enum(['ISTIO', 'LINKERD']), revision: z.string().max(253), version: z.string().max(128), namespace: z.string().max(63) })).max(100),
        servedKinds: z.array(z.string().max(512)).max(5000),
        agentVersion: short.optional(),
      })
      .optional(),
  }),
};
