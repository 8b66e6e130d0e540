import { definePreset, portField, presentFields, hostField, labelsField } from '@meshfleet/manifest';
import { z } from 'zod';
import { ONE_ROUTE_PER_HOST, subsetRule } from './service-destination.ts';
import { percentageField } from '../parameters/percentage-field.ts';
import { routeFields } from '../parameters/service-fields.ts';
import { virtualService } from './service-route.ts';
import { prepareOnly, PREPARE_NOTE, subsetProblems } from '../parameters/subset-fields.ts';

export const trafficMirroring = definePreset({
  name: 'traffic-mirroring',
  title: 'Mirroring',
  category: 'TRAFFIC',
  flavour: 'ISTIO',
  description: 'Sends a copy of a share of the requests to another service or version and throws its answers away. Callers notice nothing.',
  notes: [
    ONE_ROUTE_PER_HOST,
    PREPARE_NOTE,
    'Copies are real requests: a mirror that writes, mails or charges does so twice. Give it a database of its own.',
    'Proxies append "-shadow" to the host of copies; a mirror that looks at the Host header must know that.',
    'Copies cost the caller’s proxy memory and bandwidth, and the mirror as many pods as its share of the load.',
    'Where the mirror is a version of the same Service, say which pods serve as well: otherwise the mirror gets live requests too.',
  ],
  parameters: z
    .strictObject({
      ...routeFields,
      percentage: percentageField.default(100).meta({ title: 'Percentage', description: 'Share of the requests that are copied.' }),
      live: labelsField.optional().meta({ title: 'Live pods', description: 'Labels of the pods that answer. Without them all pods of the host do.' }),
      mirror: z
        .strictObject({
          host: hostField.optional().meta({ title: 'Host', description: 'Another service. Without it the mirror is a version of the same one.' }),
          port: portField.optional().meta({ title: 'Port', description: 'Port of the mirror; that of the request by default.' }),
          labels: labelsField.optional().meta({ title: 'Labels', description: 'Labels of the pods that get the copies.' }),
        })
        .meta({ title: 'Mirror', description: 'Where the copies go.' }),
      prepareOnly,
    })
    .superRefine(({ live, mirror, host, prepareOnly: only }, context) => {
      if (only && live === undefined && mirror.labels === undefined) context.addIssue({ code: 'custom', path: ['prepareOnly'], message: 'There are no subsets to prepare: leave it out' });
      if (mirror.host !== undefined && mirror.host !== host && mirror.labels !== undefined) context.addIssue({ code: 'custom', path: ['mirror', 'labels'], message: 'Labels pick a version of the same host; another host is mirrored to as a whole' });
      if (mirror.host !== undefined && mirror.host !== host) return;
      if (mirror.labels === undefined) context.addIssue({ code: 'custom', path: ['mirror', 'labels'], message: 'Give the labels of the mirror’s pods, or another host' });
      if (live === undefined) context.addIssue({ code: 'custom', path: ['live'], message: 'Give the labels of the pods that answer: without them the mirror’s pods would get live requests too' });
      if (live === undefined || mirror.labels === undefined) return;
      for (const { message } of subsetProblems([{ name: 'live', labels: live }, { name: 'mirror', labels: mirror.labels }])) context.addIssue({ code: 'custom', path: ['mirror', 'labels'], message });
    }),
  example: { namespace: 'shop', host: 'search', live: { version: 'v3' }, mirror: { labels: { version: 'v4' } }, percentage: 5 },
  render: (parameters) => {
    const { namespace, host, live, mirror, percentage: value } = parameters;
    const subsets = [
      ...(live === undefined ? [] : [{ name: 'live', labels: live }]),
      ...(mirror.labels === undefined ? [] : [{ name: 'mirror', labels: mirror.labels }]),
    ];
    const copies = presentFields({
      host: mirror.host ?? host,
      port: mirror.port === undefined ? undefined : { number: mirror.port },
      subset: mirror.labels === undefined ? undefined : 'mirror',
    });
    const service = virtualService(parameters, [
      { name: 'mirrored', to: [live === undefined ? {} : { subset: 'live' }], more: { mirror: copies, mirrorPercentage: { value } } },
    ]);
    if (subsets.length === 0) return [service];
    const definition = subsetRule(namespace, host, subsets);
    return parameters.prepareOnly ? [definition] : [definition, service];
  },
});
