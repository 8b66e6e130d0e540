import { defineIndex } from '../engine/index-of.ts';
import { KIND } from '../input/kinds.ts';
import { workloadOf } from '../views/workload.ts';

/** Versions of ztunnel that run here, as their images are tagged: `1.28.1`. Key: `*`. */
export const ztunnelVersions = defineIndex<string>({
  name: 'versions of ztunnel',
  of: [KIND.DaemonSet],
  *entries(resource) {
    if (resource.labels['app'] !== 'ztunnel' && resource.name !== 'ztunnel') return;
    for (const image of workloadOf(resource).images) {
      const tag = /ztunnel[^:@]*:(\d+\.\d+(?:\.\d+)?)/.exec(image)?.[1];
      if (tag !== undefined) yield ['*', tag];
    }
  },
});
