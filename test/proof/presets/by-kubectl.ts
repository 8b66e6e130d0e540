import { kubectl, type RealCluster } from '@meshfleet/cluster-real';
import { formatManifests } from '@meshfleet/manifest';
import { isMetadataOnly, type KubeObject } from '@meshfleet/model';
import type { PresetHand } from './stage.ts';

const APPLY = ['apply', '--server-side', '--force-conflicts', '--field-manager=proof', '-f', '-'];

/** As a person with kubectl does it. */
export function byKubectl({ kubeconfigFile }: RealCluster): PresetHand {
  return {
    apply: async ({ objects }) => {
      await kubectl(kubeconfigFile, APPLY, formatManifests(objects));
    },
    // In the opposite order, as the agent does; of what is not ours the labels and annotations alone.
    withdraw: async ({ objects }) => {
      const others = objects.filter(isMetadataOnly);
      const ours = objects.filter((object) => !others.includes(object));
      if (others.length > 0) await kubectl(kubeconfigFile, APPLY, formatManifests(others.map(withoutMarks)));
      if (ours.length > 0) await kubectl(kubeconfigFile, ['delete', '--ignore-not-found', '-f', '-'], formatManifests([...ours].reverse()));
    },
  };
}

function withoutMarks({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) } };
}
