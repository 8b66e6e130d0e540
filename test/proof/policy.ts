import { ISTIO_VERSIONS, startMesh, type IstioMinor } from '@meshfleet/cluster-real';
import { gatewayApiCustomResourceDefinitions } from '@meshfleet/istio';
import { MeshfleetError } from '@meshfleet/model';
import { byKubectl } from './presets/by-kubectl.ts';
import { TRACKS } from './presets/catalogue.ts';
import { meshSettings } from './presets/mesh-settings.ts';
import { createWorldAuthority, openWorld } from './presets/outside-world.ts';
import { runProofs } from './presets/run-track.ts';
import { setOutside, setStage } from './presets/set-stage.ts';
import type { Proof } from './proof.ts';

/** MESHFLEET_PROOF_ISTIO names another minor version, MESHFLEET_PROOF_TRACKS some of the tracks. */
const MINOR = (process.env['MESHFLEET_PROOF_ISTIO'] ?? '1.29') as IstioMinor; // checked below
const ASKED = process.env['MESHFLEET_PROOF_TRACKS']?.split(',');
const REAL_NODES = [{ name: 'real-eu-a', region: 'eu', zone: 'eu-a' }, { name: 'real-eu-b', region: 'eu', zone: 'eu-b' }, { name: 'real-us-a', region: 'us', zone: 'us-a' }];

/** Presets, by what requests then do between real proxies: each track of them in a namespace of its own, side by side. */
export const policy: Proof = {
  name: 'policy',
  title: 'presets, each shown by what callers are answered under it',
  record: { file: 'proof.json', istiod: ISTIO_VERSIONS[MINOR], whole: ASKED === undefined },
  run: async (report) => {
    if (ISTIO_VERSIONS[MINOR] === undefined) throw new MeshfleetError({ code: 'INVALID_INPUT', summary: `There is no Istio ${MINOR} here`, fix: `Set MESHFLEET_PROOF_ISTIO to ${Object.keys(ISTIO_VERSIONS).join(' or ')}.` });
    const from = performance.now();
    const authority = await createWorldAuthority();
    const mesh = await startMesh([{ name: 'east', istio: meshSettings(MINOR, authority.caPem), realNodes: REAL_NODES, objects: gatewayApiCustomResourceDefinitions('experimental') }]);
    try {
      const [east] = mesh.clusters;
      if (east === undefined) throw new MeshfleetError({ code: 'INTERNAL', summary: 'The mesh has no cluster' });
      await setOutside(east);
      const world = await openWorld(east.cluster, east.nodes, authority);
      try {
        const hand = byKubectl(east.cluster);
        const tracks: Promise<void>[] = [];
        // One track is deployed after the other, and proved while the next one is.
        for (const { proofs, ...spec } of TRACKS.filter(({ namespace }) => ASKED?.includes(namespace) ?? true)) {
          const stage = await setStage(east, report, { ...spec, istiodMinor: MINOR, world, hand });
          report.say(`${spec.namespace} is ready after ${seconds(from)}`);
          tracks.push(runProofs(proofs, stage).then(() => { report.say(`${spec.namespace} is done after ${seconds(from)}`); }));
        }
        await Promise.all(tracks);
      } finally {
        await world.close();
      }
    } finally {
      await mesh.stop();
    }
  },
};

function seconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(0)} s`;
}
