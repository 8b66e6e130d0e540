import type { KubeObject } from '@meshfleet/model';
import { mapAt, numberAt, textAt, textsAt } from '../kinds/field.ts';
import type { AuthOptions, VirtualRequest, VirtualResource } from '../seam.ts';
import { badRequest, conflict, invalid, notFound } from '../server/status-error.ts';
import type { BoundObject, ServiceAccountTokens } from './service-account-tokens.ts';

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const MINIMUM_SECONDS = 600;
const MAXIMUM_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
const BOUND_KINDS: Readonly<Record<string, { plural: string; namespaced: boolean }>> = {
  Pod: { plural: 'pods', namespaced: true },
  Secret: { plural: 'secrets', namespaced: true },
  Node: { plural: 'nodes', namespaced: false },
};

/** `serviceaccounts/token`: mints a short-lived token with the audiences and the bound object that were asked for. */
export function createTokenRequest(options: AuthOptions, tokens: ServiceAccountTokens): VirtualResource {
  return {
    async handle(request) {
      const namespace = request.namespace ?? '';
      const name = request.name ?? '';
      const account = findAccount(options, namespace, name);
      const seconds = checkedSeconds(request);
      const audiences = textsAt(request.body, 'spec', 'audiences');
      const bound = boundObject(options, request);
      const issuedAt = Math.floor(options.now().getTime() / 1000);
      const granted = audiences.length === 0 ? [options.issuer] : [...audiences];
      const claims = { namespace, serviceAccount: { name, uid: account.metadata.uid ?? '' }, audiences: granted, expiresAt: issuedAt + seconds, ...(bound === undefined ? {} : { bound }) };
      const token = await tokens.sign(claims, issuedAt);
      return {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { name, namespace, creationTimestamp: iso(issuedAt) },
        spec: { audiences: granted, expirationSeconds: seconds, boundObjectRef: mapAt(request.body, 'spec')['boundObjectRef'] ?? null },
        status: { token, expirationTimestamp: iso(issuedAt + seconds) },
      };
    },
  };
}

/** The account that a token is wanted for. Throws 404. */
export function findAccount(options: AuthOptions, namespace: string, name: string): KubeObject {
  const info = options.registry.find('', 'v1', 'serviceaccounts');
  const account = info && options.store.get(info, namespace, name);
  if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
  return account;
}

function checkedSeconds(request: VirtualRequest): number {
  const seconds = numberAt(request.body, 'spec', 'expirationSeconds') ?? DEFAULT_SECONDS;
  const field = 'spec.expirationSeconds';
  if (seconds < MINIMUM_SECONDS) throw invalid(KIND, '', [{ reason: 'FieldValueInvalid', message: `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`, field }]);
  if (seconds > MAXIMUM_SECONDS) throw invalid(KIND, '', [{ reason: 'FieldValueInvalid', message: `Invalid value: ${seconds}: may not specify a duration larger than 2^32 seconds`, field }]);
  return seconds;
}

function boundObject(options: AuthOptions, request: VirtualRequest): BoundObject | undefined {
  const reference = mapAt(request.body, 'spec', 'boundObjectRef');
  const kind = textAt(reference, 'kind');
  if (kind === undefined) return undefined;
  const target = BOUND_KINDS[kind];
  if (target === undefined) throw badRequest(`cannot bind token to object of type ${textAt(reference, 'apiVersion') ?? ''}, Kind=${kind}`);
  const name = textAt(reference, 'name') ?? '';
  const info = options.registry.find('', 'v1', target.plural);
  const found = info && options.store.get(info, target.namespaced ? request.namespace : undefined, name);
  if (found === undefined) throw notFound({ group: '', plural: target.plural }, name);
  const uid = found.metadata.uid ?? '';
  const wanted = textAt(reference, 'uid');
  if (wanted !== undefined && wanted !== '' && wanted !== uid) {
    const why = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', plural: target.plural }, name, why);
  }
  // The keys of BOUND_KINDS are the kinds of BoundObject.
  return { kind: kind as BoundObject['kind'], name, uid };
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
