import { PARTS, startArgoCd, toolLimit, type ArgoApplication, type ArgoCd, type OtherTool, type RealCluster } from '@meshfleet/cluster-real';
import type { JsonObject } from '@meshfleet/model';
import { parse } from 'yaml';
import type { GraphqlClient } from '../../../apps/demo/src/graphql-client.ts';
import type { Proof, ProofReport } from '../proof.ts';
import { rowOf } from './foretold-rows.ts';
import { withShop } from './open-shop.ts';
import { ourPolicy } from './our-policy.ts';
import { proveBeside, type Beside } from './prove-beside.ts';
import { THEIR_SHOP, theirShop } from './their-shop.ts';

interface Way {
  readonly name: string;
  readonly options: ArgoApplication;
  readonly withoutRules: Beside['withoutRules'];
  /** Our rules go into argocd-cm, for all applications. */
  readonly settings?: true;
}

/** The ways in which Argo CD compares and applies. By server-side apply it sends what it is to leave alone as it is there, and so holds it as well. */
const WAYS: readonly Way[] = [
  { name: 'argo-cd', options: {}, withoutRules: 'undoes' },
  { name: 'argo-cd-told', options: { selfHeal: false }, withoutRules: 'reports' },
  { name: 'argo-cd-settings', options: {}, withoutRules: 'undoes', settings: true },
  { name: 'argo-cd-server-side-apply', options: { syncOptions: ['ServerSideApply=true'] }, withoutRules: 'undoes' },
  { name: 'argo-cd-server-side-diff', options: { syncOptions: ['ServerSideApply=true'], serverSideDiff: true }, withoutRules: 'undoes' },
];

export const besideArgoCd: Proof = {
  name: 'beside-argo-cd',
  title: `beside ${PARTS['argo-cd'].name}: left alone, taken over, ignored by it, handed back`,
  limit: () => toolLimit('argo-cd'),
  run: (report) =>
    withShop(async (cluster, { client }) => {
      const argo = await startArgoCd(cluster);
      try {
        const only = process.env['MESHFLEET_PROOF_WAYS']?.split(',');
        for (const way of WAYS.filter(({ name }) => only?.includes(name) ?? true)) {
          const application = await argo.application(way.name, way.options);
          await proveBeside({ report, cluster, client, name: way.name, tool: application, content: 'Synced', rules: rulesOf(argo, application, way), withoutRules: way.withoutRules, withdrawal: way.options.syncOptions === undefined ? 'HANDED_BACK' : 'KEPT', afterHandBack: 'syncs' });
          await application.publish([]);
        }
        if (only?.includes('argo-cd-orphans') ?? true) await proveOrphans(report, cluster, client, argo);
      } finally {
        await argo.stop();
      }
    }),
};

/** Merged as a person does it: the sync options that are there stay. */
function rulesOf(argo: ArgoCd, application: OtherTool, { options, settings }: Way): Beside['rules'] {
  const before = [...(options.syncOptions ?? [])];
  const setOptions = (more: readonly string[]): Promise<void> => application.configure({ spec: { syncPolicy: { syncOptions: [...before, ...more] } } });
  if (settings === true) {
    let keys: string[] = [];
    return {
      tool: 'ARGO_CD_CONFIG_MAP',
      apply: async (rules) => {
        const { data } = rules as { data: Record<string, string> }; // a ConfigMap
        keys = Object.keys(data);
        await argo.configure('configmap/argocd-cm', { data });
        await setOptions(['RespectIgnoreDifferences=true']);
      },
      takeAway: async () => {
        await argo.configure('configmap/argocd-cm', { data: Object.fromEntries(keys.map((key) => [key, null])) });
        await setOptions([]);
      },
    };
  }
  return {
    tool: 'ARGO_CD_APPLICATION',
    apply: async (rules) => {
      const { spec } = rules as { spec: JsonObject & { syncPolicy: { syncOptions: string[] } } }; // what our rules for an Application say
      await application.configure({ spec: { ignoreDifferences: spec['ignoreDifferences'] ?? null } });
      await setOptions(spec.syncPolicy.syncOptions);
    },
    takeAway: async () => {
      await application.configure({ spec: { ignoreDifferences: null } });
      await setOptions([]);
    },
  };
}

/** A project that watches for objects that no application has. */
async function proveOrphans(report: ProofReport, cluster: RealCluster, client: GraphqlClient, argo: ArgoCd): Promise<void> {
  const name = 'argo-cd-orphans';
  report.section(name);
  const row = rowOf(report);
  await argo.project('watchful', { orphanedResources: { warn: true } });
  const application = await argo.application(name, { project: 'watchful' });
  await application.publish(theirShop(THEIR_SHOP));
  const policy = ourPolicy(client, cluster, name);
  await policy.push('leave');
  row('an object that is ours alone, in a project that watches for orphans', 'Synced; OrphanedResourceWarning: Application has 1 orphaned resources', await application.reconcile());
  await argo.configure('appprojects.argoproj.io/watchful', parse(await policy.ignoreRules('ARGO_CD_PROJECT')) as JsonObject); // what the field's description says it is
  row('with our rules in the project', 'Synced', await application.reconcile());
  await policy.withdraw();
  await application.publish([]);
}
