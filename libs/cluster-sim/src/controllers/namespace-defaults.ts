import { thaw } from '../kinds/field.ts';
import type { Controller, ControllerContext } from './context.ts';
import { infoOf, isKind } from './context.ts';

const ROOT_CA = 'kube-root-ca.crt';
const ROOT_CA_NOTE =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** What every namespace has, and gets back when it is deleted: the `default` service account and the cluster's root certificate. */
export function namespaceDefaultsController(context: ControllerContext): Controller {
  const namespaces = infoOf(context, '', 'namespaces');
  const accounts = infoOf(context, '', 'serviceaccounts');
  const configMaps = infoOf(context, '', 'configmaps');
  return {
    name: 'namespace-defaults',
    // A manifest with a namespace and a pod in it is applied in one go; the pod needs the account at once.
    eager: true,
    keysOf(event) {
      if (isKind(event, '', 'namespaces')) return event.type === 'DELETED' ? [] : [event.object.metadata.name ?? ''];
      const { name, namespace } = event.object.metadata;
      const lost = isKind(event, '', 'serviceaccounts') && name === 'default' && event.type === 'DELETED';
      const changed = isKind(event, '', 'configmaps') && name === ROOT_CA && event.type !== 'ADDED';
      return (lost || changed) && namespace !== undefined ? [namespace] : [];
    },
    reconcile(namespace) {
      const found = context.store.get(namespaces, undefined, namespace);
      if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
      if (context.store.get(accounts, namespace, 'default') === undefined)
        context.store.write.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'default' } });
      const data = { 'ca.crt': context.options.caPem };
      const published = context.store.get(configMaps, namespace, ROOT_CA);
      if (published === undefined)
        context.store.write.create(configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { namespace, name: ROOT_CA, annotations: { 'kubernetes.io/description': ROOT_CA_NOTE } },
          data,
        });
      else if (JSON.stringify(published['data']) !== JSON.stringify(data)) context.store.write.update(configMaps, { ...thaw(published), data });
    },
  };
}
