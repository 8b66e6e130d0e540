import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { canonicalJson, contentHash } from '@meshfleet/model';
import type { KubeObject } from '@meshfleet/model';
import { describe, expect, it } from 'vitest';
import { acceptState } from './accept-state.ts';
import type { PinnedState } from './accept-state.ts';
import { deltaBetween } from './desired-state-delta.ts';
import type { DesiredStateDelta } from './desired-state-delta.ts';
import { EMPTY_STATE, digestOf } from './desired-state.ts';
import type { DesiredState } from './desired-state.ts';
import { publicSignJwk, thumbprint } from './jwk.ts';
import type { SigningKey } from './jwk.ts';
import { signState } from './state-signature.ts';

const ORGANIZATION = '0198f000-0000-7000-8000-000000000001';
const CLUSTER = '0198f000-0000-7000-8000-00000000000a';
const OTHER = '0198f000-0000-7000-8000-00000000000b';
const hub = newKey();
const stranger = newKey();

const object = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } });
const objects = new Map(['a', 'b', 'c'].map((name) => [contentHash(object(name)), object(name)]));
const listing = (...names: readonly string[]): DesiredState => ({
  entries: names.map((name) => ({
    key: `ConfigMap/shop/${name}`,
    hash: contentHash(object(name)),
    policyId: 'p',
    drift: 'CORRECT' as const,
    conflicts: 'REPORT' as const,
  })),
  tombstones: [],
});

/** The agent holds epoch 3, revision 42: a and b. */
const held = listing('a', 'b');
const pinned: PinnedState = {
  organizationId: ORGANIZATION,
  clusterId: CLUSTER,
  epoch: 3,
  revision: 42,
  digest: digestOf(held),
  issuedAt: '2026-11-23T12:00:00.000Z',
  state: held,
};

function delta(target: DesiredState, changes: Partial<DesiredStateDelta> = {}, base: DesiredState | null = held): DesiredStateDelta {
  return {
    protocol: 1,
    organizationId: ORGANIZATION,
    clusterId: CLUSTER,
    epoch: 3,
    revision: 43,
    mode: 'ENFORCE',
    approvedDeletions: 0,
    issuedAt: '2026-11-23T12:00:01.000Z',
    ...deltaBetween(base ?? undefined, target, (hash) => objects.get(hash)),
    ...changes,
  };
}

/** Signed as the hub would sign what the body says. */
function signed(value: DesiredStateDelta, key: SigningKey = hub): readonly [Uint8Array, string] {
  const body = canonicalJson(value);
  const { organizationId: org, clusterId: cluster, epoch, revision } = value;
  return [Buffer.from(body), signState(key, { org, cluster, epoch, revision }, body)];
}

function judge([body, signature]: readonly [Uint8Array, string | undefined], by: PinnedState = pinned) {
  return acceptState(by, body, signature, [hub.jwk]);
}

function newKey(): SigningKey & { readonly jwk: ReturnType<typeof publicSignJwk> } {
  const privateKey = createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const jwk = publicSignJwk(privateKey);
  return { kid: thumbprint(jwk), privateKey, jwk };
}

describe('an agent takes over', () => {
  it('the next revision', () => {
    expect(judge(signed(delta(listing('a', 'b', 'c'))))).toMatchObject({ accepted: true, state: listing('a', 'b', 'c'), abandoned: [] });
  });

  it('its first state', () => {
    const { organizationId, clusterId } = pinned;
    const fresh = { organizationId, clusterId, epoch: 0, revision: 0 };
    expect(judge(signed(delta(listing('a'), {}, null)), fresh)).toMatchObject({ accepted: true, state: listing('a') });
  });

  it('a lower revision of a higher epoch: the hub came back from a backup', () => {
    const restored = delta(listing('a'), { epoch: 4, revision: 7, mode: 'OBSERVE' });
    expect(judge(signed(restored))).toMatchObject({ accepted: true, abandoned: ['ConfigMap/shop/b'] });
  });

  it('the revision that it has, with another mode or approved deletions', () => {
    expect(judge(signed(delta(held, { revision: 42, approvedDeletions: 9 })))).toMatchObject({ accepted: true, state: held, abandoned: [] });
  });

  it('a state signed by a key that the organization changed to, once both are pinned', () => {
    const [body, signature] = signed(delta(listing('a')), stranger);
    expect(acceptState(pinned, body, signature, [hub.jwk, stranger.jwk])).toMatchObject({ accepted: true });
  });

  it('a state with members that only a newer hub knows', () => {
    expect(judge(signed({ ...delta(listing('a')), ...{ waves: 3 } }))).toMatchObject({ accepted: true });
  });
});

describe('an agent refuses', () => {
  const next = delta(listing('a', 'b', 'c'));
  const [body, signature] = signed(next);
  const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

  const attacks: readonly [string, readonly [Uint8Array, string | undefined], string][] = [
    ['an unsigned state', [body, undefined], 'SIGNATURE_INVALID'],
    ['an empty signature', [body, ''], 'SIGNATURE_INVALID'],
    ['a signature that is none', [body, 'a.b.c'], 'SIGNATURE_INVALID'],
    ['a signature by algorithm none', [body, `${Buffer.from('{"alg":"none","kid":"x","typ":"y"}').toString('base64url')}.e30.`], 'SIGNATURE_INVALID'],
    ['a state signed by a stranger', signed(next, stranger), 'SIGNATURE_INVALID'],
    ["a stranger's signature under the hub's key id", signed(next, { kid: hub.kid, privateKey: stranger.privateKey }), 'SIGNATURE_INVALID'],
    ['a truncated body', [body.slice(0, body.length - 20), signature], 'SIGNATURE_INVALID'],
    ['an empty body', [new Uint8Array(), signature], 'SIGNATURE_INVALID'],
    ['a body with one bit flipped', [flip(body, 100), signature], 'SIGNATURE_INVALID'],
    ["another cluster's state", signed({ ...next, clusterId: OTHER }), 'SIGNATURE_INVALID'],
    ["another organization's state", signed({ ...next, organizationId: OTHER }), 'SIGNATURE_INVALID'],
    ["a body that is another cluster's under a signature for this one", misplaced({ ...next, clusterId: OTHER }), 'STATE_CORRUPT'],
    ['a body that names another revision than its signature', misplaced({ ...next, revision: 99 }), 'STATE_CORRUPT'],
    ['a signed empty object', raw('{}'), 'STATE_CORRUPT'],
    ['a signed null', raw('null'), 'STATE_CORRUPT'],
    ['signed bytes that are not UTF-8', raw(Buffer.from([0xff, 0xfe, 0x7b])), 'STATE_CORRUPT'],
    ['signed text that is not JSON', raw('{"protocol":1'), 'STATE_CORRUPT'],
    ['another version of the protocol', raw(canonicalJson({ ...next, protocol: 2 })), 'PROTOCOL_UNSUPPORTED'],
    ['a replayed older revision', signed(delta(listing('a'), { revision: 41 })), 'STATE_STALE'],
    ['a replayed older epoch of higher revision', signed(delta(listing('a'), { epoch: 2, revision: 1000 })), 'STATE_STALE'],
    ['the same revision with another content', signed(delta(listing('a'), { revision: 42 })), 'STATE_CORRUPT'],
    ['the same revision as it was issued before', signed(delta(held, { revision: 42, issuedAt: '2026-11-23T11:59:59.000Z' })), 'STATE_STALE'],
    ['a delta that builds on another state', signed(delta(listing('a'), {}, listing('c'))), 'STATE_CORRUPT'],
    ['a state that does not reach its digest', signed({ ...next, upsert: [] }), 'STATE_CORRUPT'],
    ['a tombstone that the digest does not cover', signed({ ...next, tombstones: [{ key: 'ConfigMap/shop/a', policyId: 'p' }] }), 'STATE_CORRUPT'],
    ['a negative revision', signed(delta(held, { revision: -1 })), 'SIGNATURE_INVALID'],
  ];

  it.each(attacks)('%s', (_, attack, code) => {
    expect(judge(attack)).toMatchObject({ accepted: false, error: { code } });
  });

  it('every prefix of a state', () => {
    for (let length = 0; length < body.length; length += 1) {
      expect(judge([body.slice(0, length), signature]).accepted).toBe(false);
    }
  });

  it('a delta when it has lost the state that it builds on', () => {
    const { state: _, ...lost } = pinned;
    expect(judge([body, signature], lost)).toMatchObject({ accepted: false, error: { code: 'STATE_CORRUPT' } });
  });

  function raw(bytes: string | Uint8Array): readonly [Uint8Array, string] {
    const claims = { org: ORGANIZATION, cluster: CLUSTER, epoch: 3, revision: 43 };
    return [Buffer.from(bytes), signState(hub, claims, bytes)];
  }
  function misplaced(value: DesiredStateDelta): readonly [Uint8Array, string] {
    return raw(canonicalJson(value));
  }
});

describe('an empty state', () => {
  it('is taken, deletes nothing, and names what was abandoned', () => {
    const verdict = judge(signed(delta(EMPTY_STATE)));
    expect(verdict).toMatchObject({ accepted: true, state: EMPTY_STATE, abandoned: ['ConfigMap/shop/a', 'ConfigMap/shop/b'] });
  });

  it('with tombstones abandons nothing: each is named', () => {
    const tombstones = held.entries.map(({ key, policyId }) => ({ key, policyId }));
    expect(judge(signed(delta({ entries: [], tombstones })))).toMatchObject({ accepted: true, abandoned: [] });
  });
});
