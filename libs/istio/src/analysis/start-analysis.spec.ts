import type { KubeObject } from '@meshfleet/model';
import { formatObjectKey, objectKeyOf } from '@meshfleet/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from './analyze.ts';
import { objectsOf } from './from-yaml.fixture.ts';
import { analysisInputOf, withChanges } from './input/analysis-input.ts';
import type { AnalysisInput } from './input/analysis-input.ts';
import { newFindings } from './new-findings.ts';
import { kindsForChange } from './rules-for-change.ts';
import { EXAMPLE_FACTS } from './rules/example-facts.fixture.ts';
import { RULES } from './rules/rules.ts';
import { startAnalysis } from './start-analysis.ts';

/** Everything that stands in an example, in a few places each: changes of one touch what others read. */
const pool: readonly KubeObject[] = RULES.flatMap((rule) => objectsOf(rule.example)).flatMap((object) =>
  ['shop', 'other', 'istio-system'].map((namespace) => ({ ...object, metadata: { ...object.metadata, namespace } })),
);
const anObject = fc.constantFrom(...pool);
const change = fc.oneof(
  anObject.map((object) => ({ upsert: [{ object }] })),
  anObject.map((object) => ({ remove: [formatObjectKey(objectKeyOf(object))] })),
  fc.record({ upsert: fc.array(anObject.map((object) => ({ object })), { maxLength: 4 }), remove: fc.array(anObject.map((object) => formatObjectKey(objectKeyOf(object))), { maxLength: 3 }) }),
);

describe('a running analysis', () => {
  it('finds after every change what a fresh one finds, and tells exactly the difference', () => {
    fc.assert(
      fc.property(fc.array(anObject, { maxLength: 60 }), fc.array(change, { minLength: 1, maxLength: 6 }), (objects, changes) => {
        let input = withChanges(analysisInputOf([], EXAMPLE_FACTS), { upsert: objects.map((object) => ({ object })) });
        const running = startAnalysis(input);
        let before = analyze(input);
        expect(running.findings()).toEqual(before);
        for (const one of changes) {
          const { appeared, vanished } = running.change(one);
          input = withChanges(input, one);
          const after = analyze(input);
          expect(running.findings()).toEqual(after);
          expect(appeared).toEqual(newFindings(before, after));
          expect(vanished).toEqual(newFindings(after, before));
          before = after;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('judges what the change touches, whatever else the cluster holds', () => {
    const service = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { ports: [{ name: 'http', port: 80 }] } });
    const route = (name: string): KubeObject => ({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name, namespace: 'shop' }, spec: { hosts: [name], http: [{ route: [{ destination: { host: name } }] }] } });
    const costs = [10, 200].map((size) => {
      const names = Array.from({ length: size }, (_, i) => `s${i}`);
      const running = startAnalysis(withChanges(analysisInputOf([]), { upsert: names.flatMap((name) => [{ object: service(name) }, { object: route(name) }]) }));
      const before = running.judged;
      expect(running.change({ remove: ['Service/shop/s3'] }).appeared.map(({ code, object }) => `${code} ${object}`)).toContain('IST0101 VirtualService.networking.istio.io/shop/s3');
      return running.judged - before;
    });
    expect(costs).toEqual([1, 1]);
  });

  it('leaves out, for a one-off run, the rules that cannot see what changed', () => {
    const input = withChanges(analysisInputOf([], EXAMPLE_FACTS), { upsert: pool.map((object) => ({ object })) });
    const before = analyze(input);
    // Every seventh: each costs four whole runs.
    for (const object of pool.filter((_, i) => i % 7 === 0)) {
      const key = formatObjectKey(objectKeyOf(object));
      const after = withChanges(input, { remove: [key] });
      expect(newFindings(analyze(input, { changed: [key] }), analyze(after, { changed: [key] }))).toEqual(newFindings(before, analyze(after)));
    }
  });

  it('of a change finds the same where nothing is known but the kinds that it asks for', () => {
    const input = withChanges(analysisInputOf([], EXAMPLE_FACTS), { upsert: pool.map((object) => ({ object })) });
    for (const object of pool.filter((_, i) => i % 5 === 3)) {
      const changed = [formatObjectKey(objectKeyOf(object))];
      const kinds = kindsForChange(changed);
      const little = { facts: input.facts, byKind: new Map([...input.byKind].filter(([kind]) => kinds.includes(kind))) };
      for (const change of [{ remove: changed }, { upsert: [{ object: { ...object, spec: {} }, policy: 'p' }] }]) {
        const brought = (from: AnalysisInput) => newFindings(analyze(from, { changed }), analyze(withChanges(from, change), { changed }));
        expect(brought(little)).toEqual(brought(input));
      }
    }
    expect(kindsForChange(['ConfigMap/shop/a'])).toEqual([]);
    expect(kindsForChange(['PeerAuthentication.security.istio.io/shop/a'])).not.toContain('VirtualService.networking.istio.io');
  });
});
