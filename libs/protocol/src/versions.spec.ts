import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryState, contentOf } from './arbitrary-state.fixture.ts';
import { applyDelta, deltaBetween } from './desired-state-delta.ts';
import { digestOf } from './desired-state.ts';
import type { DesiredState } from './desired-state.ts';
import { desiredStateDeltaSchema } from './desired-state-schema.ts';
import { FIRST_AGENT, FIRST_DRY_RUN, FIRST_HUB } from './first-version.fixture.ts';
import { FROM_FIRST_AGENT, FROM_FIRST_HUB } from './first-version-messages.fixture.ts';
import { TASK_RESULTS } from './agent-task-answers.ts';
import { TASK_REQUESTS } from './agent-tasks.ts';
import { AGENT_FEATURES, featuresOf, HUB_ACCEPTS } from './features.ts';
import { agentEventSchema, pollResponseSchema, reportResponseSchema } from './hub-messages.ts';
import type { ReportResponse } from './hub-messages.ts';
import { reportSchema } from './messages.ts';
import type { Report } from './messages.ts';

const wire = <T>(value: T): unknown => JSON.parse(JSON.stringify(value));
const DESIRED = { event: 'desired', id: '1.42', data: { epoch: 1, revision: 42, digest: 'a', mode: 'ENFORCE', approvedDeletions: 0 } };
const report: Report = {
  seq: 1,
  epoch: 1,
  revision: 0,
  conditions: { full: true, items: [{ key: 'Namespace/shop', policyId: '0190a1b2-0000-7000-8000-00000000000a', status: 'FAILED', reason: 'ObjectMissing', message: '', observedAt: '2026-01-01T00:00:00.000Z' }] },
  facts: { kubernetesVersion: 'v1.35.0', nodeCount: 1, meshes: [], servedKinds: [], agentVersion: '0.1.0', features: [...AGENT_FEATURES] },
};

describe('an agent of the first version, at a hub of today', () => {
  it('comes to the digest of every state that asks for nothing new, and refuses every other', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const read: DesiredState = { ...state, entries: deltaBetween(undefined, state, contentOf).upsert.map((each) => FIRST_AGENT.deltaEntry.parse(wire(each))).map(({ object: _, ...each }) => each) };
        const asksForNew = state.entries.some(({ mode, takeOver }) => mode !== undefined || takeOver !== undefined);
        expect(FIRST_AGENT.digestOf(read) === digestOf(state)).toBe(!asksForNew);
      }),
    );
  });

  it('comes to the digest of what is left of every state when it is not sent what it does not understand', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const left: DesiredState = { ...state, entries: state.entries.filter((each) => featuresOf(each).length === 0) };
        const read: DesiredState = { ...left, entries: deltaBetween(undefined, left, contentOf).upsert.map((each) => FIRST_AGENT.deltaEntry.parse(wire(each))).map(({ object: _, ...each }) => each) };
        expect(FIRST_AGENT.digestOf(read)).toBe(digestOf(left));
      }),
    );
  });

  it('is understood, and says by its silence that it has no features', () => {
    const read = FROM_FIRST_AGENT.reports.map((said) => reportSchema.parse(wire(said)));
    expect(read).toEqual(FROM_FIRST_AGENT.reports);
    expect(read[0]?.facts).not.toHaveProperty('features');
  });

  it('reads answers to its reports, whatever else they say', () => {
    const answer: ReportResponse = { seq: 7, resyncInventory: true, accepts: [...HUB_ACCEPTS] };
    expect(FIRST_AGENT.reportResponse.parse(wire(answer))).toEqual({ seq: 7, resyncInventory: true });
  });

  it('passes over tasks on a stream, and would trip over them in a poll: they are said only to agents with the feature', () => {
    expect(FIRST_AGENT.event.safeParse({ event: 'task', data: {} }).success).toBe(false);
    expect(FIRST_AGENT.poll.safeParse({ events: [DESIRED], cursor: '1.42' }).success).toBe(true);
    expect(FIRST_AGENT.poll.safeParse({ events: [{ event: 'task', data: {} }], cursor: '1.42' }).success).toBe(false);
    expect(AGENT_FEATURES).toContain('TASKS');
  });
});

describe('an agent of today, at a hub of the first version', () => {
  it('understands it and takes its states', () => {
    expect(pollResponseSchema.parse(wire({ events: FROM_FIRST_HUB.events, cursor: '1.42' })).events).toEqual(FROM_FIRST_HUB.events);
    for (const said of FROM_FIRST_HUB.reportResponses) expect(reportResponseSchema.parse(wire(said))).toEqual(said);
    const delta = desiredStateDeltaSchema.parse(wire(FROM_FIRST_HUB.delta));
    expect(digestOf(applyDelta(undefined, delta))).toBe(FROM_FIRST_HUB.delta.digest);
  });

  it('is understood', () => {
    expect(FIRST_HUB.report.safeParse(wire(report)).success).toBe(true);
  });

  it('says of health what the hub would refuse only to hubs that say they take it', () => {
    const unhealthy = { ...report, conditions: { full: true, items: report.conditions.items.map((item) => ({ ...item, status: 'UNHEALTHY' })) } };
    expect(reportSchema.safeParse(wire(unhealthy)).success).toBe(true);
    expect(FIRST_HUB.report.safeParse(wire(unhealthy)).success).toBe(false);
    expect(reportResponseSchema.parse({ seq: 7 }).accepts).toBeUndefined();
  });
});

describe('an agent that answers dry runs, and is older than the feature HAND_BACK', () => {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const withdrawal = { tombstones: [{ key: 'Namespace/shop', policyId: 'p' }], listed: 0, approvedDeletions: 0 };

  it('passes over what is withdrawn, and refuses to be asked of nothing else', () => {
    const asked = TASK_REQUESTS.DRY_RUN.parse({ objects: [object], conflicts: 'REPORT', withdrawal });
    expect(FIRST_DRY_RUN.request.parse(wire(asked))).toEqual({ objects: [object], conflicts: 'REPORT' });
    expect(FIRST_DRY_RUN.request.safeParse(wire(TASK_REQUESTS.DRY_RUN.parse({ objects: [], conflicts: 'REPORT', withdrawal }))).success).toBe(false);
    expect(TASK_REQUESTS.DRY_RUN.safeParse({ objects: [], conflicts: 'REPORT' }).success).toBe(false);
  });

  it('is understood', () => {
    const answer = { key: 'Namespace/shop', outcome: 'CHANGED', reason: '', message: '', conflicts: [], live: object, wouldBe: object };
    expect(TASK_RESULTS.DRY_RUN.parse({ objects: [answer] })).toEqual({ objects: [answer] });
  });
});

describe('whoever is of today, with one of tomorrow', () => {
  it('passes over events of kinds that it does not know, one by one', () => {
    const events = [{ event: 'teleport', data: { to: 'mars' } }, DESIRED, { event: 'control', data: { type: 'dance' } }, { event: 'task', data: { urgency: 'high' } }, 'nonsense'];
    expect(pollResponseSchema.parse({ events, cursor: '1.42', mood: 'good' })).toEqual({ events: [DESIRED, { event: 'task', data: {} }], cursor: '1.42' });
    expect(agentEventSchema.safeParse(events[0]).success).toBe(false);
  });

  it('passes over members that it does not know', () => {
    expect(reportSchema.parse({ ...report, dreams: [], facts: { ...report.facts, shoeSize: 43, features: ['DREAMS'] } })).toEqual({ ...report, facts: { ...report.facts, features: ['DREAMS'] } });
    expect(reportResponseSchema.parse({ seq: 1, accepts: ['DREAMS'], tip: 'no' })).toEqual({ seq: 1, accepts: ['DREAMS'] });
  });
});
