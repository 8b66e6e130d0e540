import { analyzeInventory } from '@meshfleet/istio/analysis';
import { renderAndCheck, type CheckedRendering, type RenderedCluster, type Template } from '@meshfleet/planner';
import { judgeChange } from '../analysis/judge-change.ts';
import { MANAGED, knownKinds } from '../policy/known-kinds.ts';
import { readManifests } from '../policy/read-manifests.ts';
import { reachOfChange } from '../policy-preview/reach-of-change.ts';

/** What a template is rendered for, against the kinds that we know ourselves. */
interface RenderOrder {
  readonly template: Template;
  readonly cluster: RenderedCluster;
}

/** What requests ask for that may take long. */
export const TASKS = {
  readManifests,
  renderTemplate: ({ template, cluster }: RenderOrder): CheckedRendering => renderAndCheck(template, cluster, knownKinds(), { manages: MANAGED }),
  analyzeInventory,
  reachOfChange,
  judgeChange,
};
