import { MeshfleetError } from '@meshfleet/model';
import type { ErrorCode, ErrorEnvelope } from '@meshfleet/model';
import { sha256Base64Url } from './sha256.ts';
import { applyDelta } from './desired-state-delta.ts';
import type { DesiredStateDelta } from './desired-state-delta.ts';
import type { DesiredState } from './desired-state.ts';
import { desiredStateDeltaSchema } from './desired-state-schema.ts';
import type { SignJwk } from './jwk.ts';
import { readStateSignature } from './state-signature.ts';

/** What an agent keeps of itself and of the state that it accepted last (epoch and revision 0 before the first). */
export interface PinnedState {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly revision: number;
  /** Digest of the state accepted last; undefined before the first. */
  readonly digest?: string;
  /** `issuedAt` of the state accepted last. */
  readonly issuedAt?: string;
  /** The state itself, on which deltas build; undefined when it was lost. */
  readonly state?: DesiredState;
}

export type StateVerdict =
  | {
      readonly accepted: true;
      readonly delta: DesiredStateDelta;
      /** What the cluster should hold from now on. */
      readonly state: DesiredState;
      /**
       * Keys that were listed and are neither listed nor tombstoned now. They are let be: nothing was said that allows
       * deleting them.
       */
      readonly abandoned: readonly string[];
    }
  | { readonly accepted: false; readonly error: ErrorEnvelope };

/**
 * Whether an agent may take over a desired state: the laws, in one place. A refusal changes nothing; the agent keeps
 * and defends what it has. Acceptance by itself deletes nothing either: only tombstones of the accepted state do.
 *
 * @param body the uncompressed bytes as they came
 * @param signature the header {@link SIGNATURE_HEADER}
 * @param keys the organization's keys, pinned at enrolment
 */
export function acceptState(
  pinned: PinnedState,
  body: Uint8Array,
  signature: string | undefined,
  keys: readonly SignJwk[],
): StateVerdict {
  try {
    const delta = readSigned(pinned, body, signature, keys);
    checkPlace(pinned, delta);
    const state = applyDelta(pinned.state, delta);
    return { accepted: true, delta, state, abandoned: abandonedKeys(pinned.state, state) };
  } catch (error) {
    if (error instanceof MeshfleetError) return { accepted: false, error: error.toEnvelope() };
    throw error;
  }
}

/** The delta in a body, once it is certain that the hub wrote these very bytes for this cluster. */
function readSigned(pinned: PinnedState, body: Uint8Array, signature: string | undefined, keys: readonly SignJwk[]): DesiredStateDelta {
  if (signature === undefined || signature === '') throw refuse('SIGNATURE_INVALID', 'it is not signed');
  const claims = readStateSignature(signature, keys);
  if (claims.org !== pinned.organizationId) throw refuse('SIGNATURE_INVALID', 'it is for another organization');
  if (claims.cluster !== pinned.clusterId) throw refuse('SIGNATURE_INVALID', 'it is for another cluster');
  if (claims.bh !== sha256Base64Url(body)) throw refuse('SIGNATURE_INVALID', 'its bytes are not the ones that were signed');

  const delta = parseDelta(body);
  const same =
    delta.organizationId === claims.org &&
    delta.clusterId === claims.cluster &&
    delta.epoch === claims.epoch &&
    delta.revision === claims.revision;
  if (!same) throw refuse('STATE_CORRUPT', 'its body and its signature name different places');
  return delta;
}

function parseDelta(body: Uint8Array): DesiredStateDelta {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw refuse('STATE_CORRUPT', 'it is not JSON', cause);
  }
  const parsed = desiredStateDeltaSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (typeof value === 'object' && value !== null && 'protocol' in value && value.protocol !== 1) {
    throw refuse('PROTOCOL_UNSUPPORTED', `it speaks version ${String(value.protocol)} of the protocol, and this agent version 1`);
  }
  const issue = parsed.error.issues[0];
  throw refuse('STATE_CORRUPT', `${issue?.path.join('.') ?? 'it'}: ${issue?.message ?? 'malformed'}`);
}

/** Only forward: a state that came once can be sent again by anyone who kept its bytes. */
function checkPlace(pinned: PinnedState, delta: DesiredStateDelta): void {
  if (delta.epoch < pinned.epoch) {
    throw refuse('STATE_STALE', `its epoch ${delta.epoch} is older than ${pinned.epoch}, which was accepted before`);
  }
  if (delta.epoch > pinned.epoch) return;
  if (delta.revision < pinned.revision) {
    throw refuse('STATE_STALE', `its revision ${delta.revision} is older than ${pinned.revision}, which was accepted before`);
  }
  if (delta.revision > pinned.revision || pinned.digest === undefined) return;
  if (delta.digest !== pinned.digest) {
    throw refuse('STATE_CORRUPT', `revision ${delta.revision} was accepted before with another content`);
  }
  // Mode and approved deletions may change within a revision; the hub's database clock orders them.
  if (pinned.issuedAt !== undefined && Date.parse(delta.issuedAt) < Date.parse(pinned.issuedAt)) {
    throw refuse('STATE_STALE', `it was issued at ${delta.issuedAt}, before the one that is held`);
  }
}

function abandonedKeys(before: DesiredState | undefined, after: DesiredState): readonly string[] {
  const named = new Set([...after.entries, ...after.tombstones].map(({ key }) => key));
  return (before?.entries ?? []).map(({ key }) => key).filter((key) => !named.has(key));
}

function refuse(code: ErrorCode, why: string, cause?: unknown): MeshfleetError {
  const fix = 'Nothing was changed: the cluster keeps the state that it has.';
  return new MeshfleetError({ code, summary: 'A desired state was refused', why, fix }, { cause });
}
