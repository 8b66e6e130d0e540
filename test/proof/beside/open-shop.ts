import { startRealCluster, type RealCluster } from '@meshfleet/cluster-real';
import { istioCustomResourceDefinitions } from '@meshfleet/istio';
import { openProduct, type Product } from '../open-product.ts';

/** A real cluster with Istio's kinds, and the whole product with its agent in it. */
export async function withShop(run: (cluster: RealCluster, product: Product) => Promise<void>): Promise<void> {
  const cluster = await startRealCluster({ name: 'shop', crds: istioCustomResourceDefinitions() });
  try {
    const product = await openProduct([cluster]);
    try {
      await run(cluster, product);
    } finally {
      await product.close();
    }
  } finally {
    await cluster.stop();
  }
}
