import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { KIND } from '../../input/kinds.ts';
import { at } from '../../read-value.ts';
import { serviceEntryOf } from '../../views/service-entry.ts';

/** ServiceEntries for TCP that nothing but a port tells apart. */
export const entryNeedsAddress = defineRule({
  code: 'IST0134',
  name: 'ServiceEntryAddressesRequired',
  severity: 'WARNING',
  title: 'ServiceEntry for TCP has no address',
  why: 'TCP carries no host name. Without an address the entry takes all traffic of its port, whoever it is for.',
  fix: 'Add addresses, or let proxies capture DNS and istiod allocate addresses (ISTIO_META_DNS_CAPTURE and ISTIO_META_DNS_AUTO_ALLOCATE).',
  example: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: shop}
spec:
  hosts: [db.example.com]
  resolution: DNS
  ports: [{number: 5432, name: tcp-db, protocol: TCP}]
`,
  on: [KIND.ServiceEntry],
  reads: { meshConfig: fact('meshConfig') },
  *evaluate(subject, read) {
    const config = read.meshConfig();
    if (config === undefined) return;
    const metadata = at(config, 'defaultConfig', 'proxyMetadata');
    if (isTrue(at(metadata, 'ISTIO_META_DNS_CAPTURE')) && isTrue(at(metadata, 'ISTIO_META_DNS_AUTO_ALLOCATE'))) return;
    const { addresses, ports } = serviceEntryOf(subject);
    if (addresses.length > 0) return;
    for (const { path, number, protocol } of ports) {
      if (protocol === '' || protocol.toUpperCase() === 'TCP') yield { path, message: `Port ${number ?? 0} is TCP, and the ServiceEntry has no addresses` };
    }
  },
});

const isTrue = (value: unknown): boolean => value === 'true' || value === true;
