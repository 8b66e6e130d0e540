import { helmUpgrade, kubectl, PARTS, toolLimit, type HelmRelease, type RealCluster } from '@meshfleet/cluster-real';
import { MeshfleetError } from '@meshfleet/model';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Proof } from '../proof.ts';
import { eachOfTheirs, eventually, rowOf, shown } from './foretold-rows.ts';
import { withShop } from './open-shop.ts';
import { contestedIn, ourPolicy } from './our-policy.ts';
import { OURS, said, TAKE_OVER, THEIR_SHOP, theirShop, type TheirShop } from './their-shop.ts';

type Helm = NonNullable<HelmRelease['by']>;

/** What an upgrade does with fields that another manager took: merges on this side, or asks the API server, which refuses or is forced. */
const WAYS: readonly { readonly name: string; readonly by: Helm; readonly flags: readonly string[]; readonly upgrade: 'merges' | 'refused' | 'forces' }[] = [
  { name: 'helm-3', by: 'helm', flags: [], upgrade: 'merges' },
  { name: 'helm-4', by: 'helm-4', flags: [], upgrade: 'refused' },
  { name: 'helm-4-forced', by: 'helm-4', flags: ['--force-conflicts'], upgrade: 'forces' },
  { name: 'helm-4-client-side', by: 'helm-4', flags: ['--server-side=false'], upgrade: 'merges' },
];

export const besideHelm: Proof = {
  name: 'beside-helm',
  title: `beside ${PARTS.helm.name} and, where it is built, ${PARTS['helm-4'].name}: left alone, taken over, upgraded over, handed back`,
  limit: () => toolLimit('helm'),
  run: (report) =>
    withShop(async (cluster, { client }) => {
      const without4 = toolLimit('helm-4');
      if (without4 !== undefined) report.say(`without Helm 4: ${without4}`);
      for (const { name, by, flags, upgrade } of WAYS.filter((way) => way.by === 'helm' || without4 === undefined)) {
        report.section(name);
        const row = rowOf(report);
        const release = releaseIn(cluster, name, by, flags);
        const policy = ourPolicy(client, cluster, name);
        const stands = (): ReturnType<typeof contestedIn> => contestedIn(cluster);

        row('its chart, installed', 'deployed', await release(THEIR_SHOP));
        row('a dry run of our policy', eachOfTheirs('CONFLICT', 'helm'), shown(await policy.foretell('leave')));
        await policy.push('leave');
        row('our policy, pushed', 'FAILED', await policy.status());
        row('their objects then', said(THEIR_SHOP), await stands());
        row('an upgrade beside it', 'deployed', await release({ ...THEIR_SHOP, release: 'two' }));

        row('a dry run with take-over', eachOfTheirs('CHANGED TakenOver', undefined, []), shown(await policy.foretell('take')));
        await policy.push('take');
        row('taken over', OURS, await eventually(stands, OURS));
        row('an upgrade that changes a label alone', upgrade === 'refused' ? 'refused: conflicts with "meshfleet"' : 'deployed', await release({ ...THEIR_SHOP, release: 'three' }));
        row('then', OURS, await eventually(stands, OURS));
        const newest: TheirShop = { timeout: '2s', maxConnections: 20, port: 444, release: 'four' };
        row('an upgrade that changes these fields', upgrade === 'refused' ? 'refused: conflicts with "meshfleet"' : 'deployed', await release(newest));
        row('then', OURS, await eventually(stands, OURS));
        row('the policy', 'APPLIED', await eventually(policy.status, 'APPLIED'));

        row('a dry run of the withdrawal', eachOfTheirs('HANDED_BACK', undefined, ['DestinationRule.networking.istio.io/shop/ours: REMOVED']), shown(await policy.foretell('withdraw'), false));
        await policy.withdraw();
        const back = upgrade === 'refused' ? THEIR_SHOP : newest;
        row('withdrawn', said(back), await eventually(stands, said(back)));
        row('an upgrade after it', upgrade === 'refused' ? 'refused: conflicts with "meshfleet-left-behind"' : 'deployed', await release({ ...newest, release: 'five' }));
        if (upgrade === 'refused') row('the same, forced once', 'deployed', await releaseIn(cluster, name, by, ['--force-conflicts'])({ ...newest, release: 'five' }));
        row('then', said(newest), await eventually(stands, said(newest)));
        row('what is ours alone', '', await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'get', 'destinationrule', 'ours', '-o', 'name', '--ignore-not-found']));
        await kubectl(cluster.kubeconfigFile, ['-n', 'shop', 'delete', ...TAKE_OVER.slice(1).map(({ object }) => object.replace(/^(\w+)\.(.*)\/shop\/(.*)$/, '$1.$2/$3')), 'service/reviews']);
        await kubectl(cluster.kubeconfigFile, ['delete', 'namespace', 'shop']);
      }
    }),
};

/** Installs the chart or upgrades its release, and says what came of it. */
function releaseIn(cluster: RealCluster, name: string, by: Helm, flags: readonly string[]): (shop: TheirShop) => Promise<string> {
  return async (shop) => {
    const chart = mkdtempSync(join(tmpdir(), 'meshfleet-chart-'));
    try {
      mkdirSync(join(chart, 'templates'));
      writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 0.1.0\n');
      theirShop(shop).forEach((object, index) => writeFileSync(join(chart, 'templates', `${index}.yaml`), JSON.stringify(object)));
      await helmUpgrade(cluster.kubeconfigFile, { name, namespace: 'default', chart, values: {}, by, flags });
      return 'deployed';
    } catch (error) {
      if (!(error instanceof MeshfleetError)) throw error;
      const [manager] = /conflicts? with "[^"]*"/.exec(error.why ?? '') ?? [];
      return `refused: ${manager?.replace('conflict ', 'conflicts ') ?? error.why}`;
    } finally {
      rmSync(chart, { recursive: true, force: true });
    }
  };
}
