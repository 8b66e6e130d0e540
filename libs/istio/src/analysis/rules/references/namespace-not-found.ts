import { fact } from '../../engine/index-of.ts';
import { defineRule } from '../../engine/rule.ts';
import { namespaces } from '../../indexes/in-namespace.ts';
import { KIND } from '../../input/kinds.ts';
import { at, list, texts } from '../../read-value.ts';

/** Namespaces that AuthorizationPolicies name as a source and that are not there. */
export const namespaceNotFound = defineRule({
  code: 'IST0101',
  name: 'ReferencedResourceNotFound',
  severity: 'ERROR',
  title: 'Source namespace does not exist',
  why: 'A rule for a namespace that does not exist matches nobody: an ALLOW lets nobody in, a DENY keeps nobody out.',
  fix: 'Correct the name, or create the namespace.',
  example: `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop}
spec:
  rules: [{from: [{source: {namespaces: [chekout]}}]}]
`,
  on: [KIND.AuthorizationPolicy],
  reads: { namespaces, elsewhere: fact('namespacesElsewhere') },
  *evaluate(subject, read) {
    for (const [i, rule] of list(at(subject.spec, 'rules')).entries()) {
      for (const [j, from] of list(at(rule, 'from')).entries()) {
        for (const field of ['namespaces', 'notNamespaces']) {
          for (const [k, name] of texts(at(from, 'source', field)).entries()) {
            if (exists(name, read.namespaces, read.elsewhere())) continue;
            yield { path: `spec.rules[${i}].from[${j}].source.${field}[${k}]`, message: name.includes('*') ? `No namespace is called like ${name}` : `There is no namespace ${name}` };
          }
        }
      }
    }
  },
});

function exists(name: string, namespaces: (key: string) => readonly { readonly name: string }[], elsewhere: ReadonlySet<string>): boolean {
  if (name === '*') return true;
  const isMeant = name.startsWith('*') ? (one: string) => one.endsWith(name.slice(1)) : name.endsWith('*') ? (one: string) => one.startsWith(name.slice(0, -1)) : undefined;
  if (isMeant === undefined) return namespaces(name).length > 0 || elsewhere.has(name);
  return namespaces('*').some((one) => isMeant(one.name)) || elsewhere.values().some(isMeant);
}
