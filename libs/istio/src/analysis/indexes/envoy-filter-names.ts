import { defineIndex } from '../engine/index-of.ts';
import { KIND } from '../input/kinds.ts';
import type { Resource } from '../input/resource.ts';
import { envoyFilterOf } from '../views/envoy-filter.ts';

/** EnvoyFilters with a patch for some versions of the proxy alone. Key: the name of the filter that it patches. */
export const envoyFilterNames = defineIndex<Resource>({
  name: 'patches for versions of the proxy by filter',
  of: [KIND.EnvoyFilter],
  *entries(resource) {
    const names = envoyFilterOf(resource).patches.filter(({ proxyVersion }) => proxyVersion !== '').map(({ filter }) => filter);
    for (const name of new Set(names)) yield [name, resource];
  },
});
