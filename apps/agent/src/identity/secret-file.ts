import type { KubeObject } from '@meshfleet/model';
import type { KubeClient } from '@meshfleet/kube';
import { isAlreadyExists, isConflict, isNotFound, RESOURCES } from '@meshfleet/kube';

/** One Secret in the agent's namespace that holds one document. Written only over what was read: two writers cannot overwrite each other unseen. */
export interface SecretFile {
  /** Undefined when there is no such Secret. */
  read(): Promise<Buffer | undefined>;
  /** Creates or replaces it. Rejects with a conflict when somebody else wrote since the last read or write. */
  write(content: Buffer): Promise<void>;
}

const DATA_KEY = 'content';

export function secretFile(client: KubeClient, namespace: string, name: string): SecretFile {
  let resourceVersion: string | undefined;
  const body = (content: Buffer): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'meshfleet-agent' }, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    type: 'meshfleet.io/agent',
    data: { [DATA_KEY]: content.toString('base64') },
  });
  return {
    async read() {
      try {
        const secret = await client.get(RESOURCES.secrets, namespace, name);
        resourceVersion = secret.metadata.resourceVersion;
        const data = secret['data'] as Record<string, string> | undefined; // data of a v1 Secret
        return Buffer.from(data?.[DATA_KEY] ?? '', 'base64');
      } catch (error) {
        if (!isNotFound(error)) throw error;
        resourceVersion = undefined;
        return undefined;
      }
    },
    async write(content) {
      const written = resourceVersion === undefined ? await client.create(RESOURCES.secrets, body(content)) : await client.update(RESOURCES.secrets, body(content));
      resourceVersion = written.metadata.resourceVersion;
    },
  };
}

/** Somebody else wrote first. */
export const lostRace = (error: unknown): boolean => isConflict(error) || isAlreadyExists(error);
