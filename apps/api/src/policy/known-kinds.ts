import { ISTIO_MANAGED_GROUPS, istioCatalogue } from '@meshfleet/istio';
import { LINKERD_MANAGED_GROUPS, linkerdCatalogue } from '@meshfleet/linkerd';
import { managedGroups, mergeCatalogues, type KindCatalogue, type ManagedKinds } from '@meshfleet/manifest';

/** Which kinds policies may hold. */
export const MANAGED: ManagedKinds = managedGroups(...ISTIO_MANAGED_GROUPS, ...LINKERD_MANAGED_GROUPS);

let catalogue: KindCatalogue | undefined;

/** The kinds of the meshes that we know, read when they are needed first. */
export function knownKinds(): KindCatalogue {
  catalogue ??= mergeCatalogues(istioCatalogue(), linkerdCatalogue());
  return catalogue;
}
