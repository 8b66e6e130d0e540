// Makes libs/istio/src/generated/*.json: the facts of Istio's, the Gateway API's and Sail Operator's kinds.
//   node libs/istio/generate/crds.ts           writes the files
//   node libs/istio/generate/crds.ts --check   exits 1 when a file is stale, 2 when that cannot be told (no Go, no network)
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFacts, readSourceFacts } from '@meshfleet/manifest';
import type { KindFacts } from '@meshfleet/manifest';
import { downloadModule } from './go-module.ts';
import { readDefinitions } from './read-definitions.ts';
import { settle } from './settle-files.ts';

// The versions that Istio 1.29 is built with.
const ISTIO_API = { module: 'istio.io/api', version: 'v1.29.1', licence: 'Apache-2.0' };
const GATEWAY_API = { module: 'sigs.k8s.io/gateway-api', version: 'v1.4.1', licence: 'Apache-2.0' };

const here = dirname(fileURLToPath(import.meta.url));
const generated = join(here, '..', 'src', 'generated');

const istio = downloadModule(ISTIO_API.module, ISTIO_API.version);
const gatewayApi = downloadModule(GATEWAY_API.module, GATEWAY_API.version);
const sail = readSourceFacts(readFileSync(join(here, 'sail.json'), 'utf8'));

settle(
  new Map([
    [join(generated, 'istio.json'), encodeFacts(ISTIO_API, readDefinitions(readFileSync(join(istio, 'kubernetes/customresourcedefinitions.gen.yaml'), 'utf8')))],
    [join(generated, 'gateway-api-standard.json'), encodeFacts(GATEWAY_API, channel('standard'))],
    [join(generated, 'gateway-api-experimental.json'), encodeFacts(GATEWAY_API, channel('experimental'))],
    [join(generated, 'sail.json'), encodeFacts(sail.source, sail.kinds)],
  ]),
  'node libs/istio/generate/crds.ts',
);

function channel(name: string): KindFacts[] {
  const folder = join(gatewayApi, 'config/crd', name);
  const files = readdirSync(folder).filter((file) => file.startsWith('gateway.networking.'));
  return files.flatMap((file) => readDefinitions(readFileSync(join(folder, file), 'utf8')));
}
