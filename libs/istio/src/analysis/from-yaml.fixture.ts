import { parseManifests } from '@meshfleet/manifest';
import { kubeObjectOf } from '@meshfleet/model';
import type { Finding, KubeObject } from '@meshfleet/model';
import { expect } from 'vitest';
import { analyze } from './analyze.ts';
import { analysisInputOf, withChanges } from './input/analysis-input.ts';
import type { AnalysisInput } from './input/analysis-input.ts';
import type { AnalysisFacts } from './input/facts.ts';

export function objectsOf(yaml: string): KubeObject[] {
  const { documents, problems } = parseManifests(yaml);
  expect(problems).toEqual([]);
  return documents.map(({ value }) => kubeObjectOf(value));
}

/** A cluster that holds these manifests and nothing else. */
export function inputOf(yaml: string, facts: Partial<AnalysisFacts> = {}): AnalysisInput {
  return withChanges(analysisInputOf([], facts), {
    upsert: objectsOf(yaml).map((object) => {
      const policy = object.metadata.annotations?.['meshfleet.io/policy'];
      return policy === undefined ? { object } : { object, policy };
    }),
  });
}

/** `IST0101 VirtualService.networking.istio.io/shop/reviews spec.http[0]`, for each finding. */
export const brief = (findings: readonly Finding[]): string[] => findings.map(({ code, object, path }) => `${code} ${object}${path === undefined ? '' : ` ${path}`}`);

/** What these codes find in these manifests. */
export function found(yaml: string, codes: readonly string[], facts: Partial<AnalysisFacts> = {}): string[] {
  return brief(analyze(inputOf(yaml, facts), { only: codes }));
}
