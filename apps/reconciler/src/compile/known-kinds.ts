import { ISTIO_MANAGED_GROUPS, istioCatalogue } from '@meshfleet/istio';
import { LINKERD_MANAGED_GROUPS, linkerdCatalogue } from '@meshfleet/linkerd';
import { managedGroups, mergeCatalogues } from '@meshfleet/manifest';
import type { KindCatalogue } from '@meshfleet/manifest';
import type { RenderingMeans } from '@meshfleet/store';

let known: KindCatalogue | undefined;

/** How compilations render: against the kinds of the meshes that we know, read when they are needed first. Templates name every namespace. */
export const RENDERING: RenderingMeans = {
  catalogue: () => (known ??= mergeCatalogues(istioCatalogue(), linkerdCatalogue())),
  options: { manages: managedGroups(...ISTIO_MANAGED_GROUPS, ...LINKERD_MANAGED_GROUPS) },
  keep: true,
};
