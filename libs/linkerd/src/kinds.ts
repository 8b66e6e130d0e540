import { createCatalogue, customResourceDefinitionOf, decodeFacts } from '@meshfleet/manifest';
import type { FactsFile, KindCatalogue, KindFacts } from '@meshfleet/manifest';
import type { KubeObject } from '@meshfleet/model';
import linkerd from './generated/linkerd.json' with { type: 'json' };

let kinds: readonly KindFacts[] | undefined;
let catalogue: KindCatalogue | undefined;

/** Linkerd's kinds: policy, service profiles, external workloads and multicluster links. */
export function linkerdKinds(): readonly KindFacts[] {
  // Our own generator made the file, and a test decodes every kind of it.
  kinds ??= decodeFacts(linkerd as unknown as FactsFile);
  return kinds;
}

/** The definitions that make a cluster serve Linkerd's kinds. */
export function linkerdCustomResourceDefinitions(): KubeObject[] {
  return linkerdKinds().map(customResourceDefinitionOf);
}

/** Linkerd's kinds as manifests may hold them. */
export function linkerdCatalogue(): KindCatalogue {
  catalogue ??= createCatalogue(linkerdKinds());
  return catalogue;
}
