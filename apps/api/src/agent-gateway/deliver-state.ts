import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import { canonicalJson, MeshfleetError } from '@meshfleet/model';
import { deltaBetween, EMPTY_STATE, PROTOCOL, signState } from '@meshfleet/protocol';
import type { DesiredState } from '@meshfleet/protocol';
import type { AgentRow } from '@meshfleet/store';
import type { AuthenticatedAgent } from './authenticate.ts';
import { checkLifecycle } from './authenticate.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { ContentCache } from './content-cache.ts';
import { digestOfCluster } from './desired-event.ts';
import type { SigningKeys } from './signing-keys.ts';
import { storedGzip } from './stored-gzip.ts';

const compressGzip = promisify(gzip);
const compressZstd = promisify(zstdCompress);

/** Below this, compression saves less than it costs: measured, a fifth of the API's work when a small change goes to a thousand agents. */
const WORTH_COMPRESSING = 4096;
const CHANGE_BYTES = 32 * 1024 * 1024;

export type Encoding = 'identity' | 'gzip' | 'zstd';

export interface DeliveredState {
  readonly body: Buffer;
  readonly encoding: Encoding;
  readonly signature: string;
}

/** The parts of a delta that are the same for all clusters that go from one state to another, as canonical JSON. */
interface ChangeText {
  readonly base: string;
  readonly digest: string;
  readonly remove: string;
  /** Tombstones and objects, by far the most of it, to the end of the body. */
  readonly tail: string;
  /** The tail as a gzip member, made when first asked for. */
  tailGzipped?: Promise<Buffer>;
}

/** `GET /agent/v1/state`: what leads from the state that an agent has to the one that it should have, signed. */
export class DeliverState {
  readonly #contents: ContentCache;
  readonly #signingKeys: SigningKeys;
  readonly #changes = new BoundedCache<ChangeText>(CHANGE_BYTES);

  constructor(contents: ContentCache, signingKeys: SigningKeys) {
    this.#contents = contents;
    this.#signingKeys = signingKeys;
  }

  /** @throws MeshfleetError */
  async run({ organizationId, cluster }: AuthenticatedAgent, have: string | undefined, encoding: Encoding): Promise<DeliveredState> {
    checkLifecycle(cluster, 'act');
    const { signing } = await this.#signingKeys.of(organizationId);
    const change = await this.#change(organizationId, cluster, have);
    const head = headOf(organizationId, cluster, change);
    const place = { org: organizationId, cluster: cluster.id, epoch: cluster.epoch, revision: cluster.desiredRevision };
    return { signature: signState(signing, place, head + change.tail), ...(await compress(head, change, encoding)) };
  }

  async #change(organizationId: string, cluster: AgentRow, have: string | undefined): Promise<ChangeText> {
    const digest = digestOfCluster(cluster);
    const id = `${organizationId} ${have ?? ''} ${digest}`;
    const known = this.#changes.get(id);
    if (known !== undefined) return known;
    const [base, target] = await Promise.all([
      have === undefined ? undefined : this.#contents.state(organizationId, have),
      cluster.desiredDigest === null ? EMPTY_STATE : this.#contents.state(organizationId, digest),
    ]);
    if (target === undefined) {
      throw new MeshfleetError({ code: 'STATE_CORRUPT', summary: `The desired state of ${cluster.name} is not stored`, why: `nothing has the digest ${digest}`, fix: 'Apply a new version of one of its policies: the next revision is stored anew.' });
    }
    const text = await this.#write(organizationId, base, target);
    // One byte and a half for each character: the text, and a tenth to a half of it compressed.
    this.#changes.set(id, text, 1.5 * (text.tail.length + text.remove.length) + 500);
    return text;
  }

  async #write(organizationId: string, base: DesiredState | undefined, target: DesiredState): Promise<ChangeText> {
    const held = new Map((base?.entries ?? []).map(({ key, hash }) => [key, hash]));
    const lacking = target.entries.filter(({ key, hash }) => held.get(key) !== hash).map(({ hash }) => hash);
    const contents = await this.#contents.contents(organizationId, [...new Set(lacking)]);
    const change = deltaBetween(base, target, (hash) => contents.get(hash));
    return {
      base: canonicalJson(change.base),
      digest: canonicalJson(change.digest),
      remove: canonicalJson(change.remove),
      tail: `,"tombstones":${canonicalJson(change.tombstones)},"upsert":${canonicalJson(change.upsert)}}`,
    };
  }
}

/** With the tail, the canonical JSON of the whole delta, its members in their order: what is shared is not written anew for each cluster. */
function headOf(organizationId: string, cluster: AgentRow, change: ChangeText): string {
  return (
    `{"approvedDeletions":${cluster.approvedDeletions},"base":${change.base},"clusterId":"${cluster.id}","digest":${change.digest},` +
    `"epoch":${cluster.epoch},"issuedAt":"${cluster.now.toISOString()}","mode":"${cluster.mode}","organizationId":"${organizationId}",` +
    `"protocol":${PROTOCOL},"remove":${change.remove},"revision":${cluster.desiredRevision}`
  );
}

async function compress(head: string, change: ChangeText, encoding: Encoding): Promise<{ body: Buffer; encoding: Encoding }> {
  if (encoding === 'identity' || head.length + change.tail.length < WORTH_COMPRESSING) return { body: Buffer.from(head + change.tail), encoding: 'identity' };
  if (encoding === 'zstd') return { body: await compressZstd(head + change.tail, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }), encoding };
  change.tailGzipped ??= compressGzip(change.tail, { level: 6 });
  // A gzip file is a series of members (RFC 1952, section 2.2): the tail is compressed once for all clusters.
  return { body: Buffer.concat([storedGzip(Buffer.from(head)), await change.tailGzipped]), encoding };
}

/** The best encoding that `Accept-Encoding` allows. */
export function chooseEncoding(accept: string | undefined): Encoding {
  const offered = new Set((accept ?? '').split(',').flatMap((part) => (/;\s*q=0(\.0*)?\s*$/.test(part) ? [] : [part.split(';')[0]?.trim().toLowerCase()])));
  return offered.has('zstd') ? 'zstd' : offered.has('gzip') ? 'gzip' : 'identity';
}
