import type { CheckedRendering, RenderedCluster, Template } from '@meshfleet/planner';
import type { BlastRadius } from '@meshfleet/istio';
import type { Finding } from '@meshfleet/model';
import type { InventoryOrder } from '../analysis/analyze-inventory.ts';
import type { ChangeFindings, ChangeOrder } from '../analysis/judge-change.ts';
import type { ReachOrder } from '../policy-preview/reach-of-change.ts';
import type { ManifestOrder, ReadManifests } from '../policy/read-manifests.ts';

/** What a template is rendered for, against the kinds that we know ourselves. */
export interface RenderOrder {
  readonly template: Template;
  readonly cluster: RenderedCluster;
}

/** What the thread can be asked for. Orders and answers are copied to it and back: plain values alone. */
export interface ThreadTasks {
  readonly readManifests: { readonly order: ManifestOrder; readonly answer: ReadManifests };
  readonly renderTemplate: { readonly order: RenderOrder; readonly answer: CheckedRendering };
  readonly analyzeInventory: { readonly order: InventoryOrder; readonly answer: readonly Finding[] };
  readonly reachOfChange: { readonly order: ReachOrder; readonly answer: BlastRadius };
  readonly judgeChange: { readonly order: ChangeOrder; readonly answer: ChangeFindings };
}

export type TaskName = keyof ThreadTasks;

export interface ThreadOrder {
  readonly name: TaskName;
  readonly order: ThreadTasks[TaskName]['order'];
}

export type ThreadAnswer = { readonly answer: ThreadTasks[TaskName]['answer'] } | { readonly fault: string };
