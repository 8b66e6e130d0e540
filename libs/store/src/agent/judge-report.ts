import { ENTRY_FEATURES } from '@meshfleet/protocol';
import type { Report } from '@meshfleet/protocol';

/** What the hub knows of a cluster when its report comes, its row locked. */
export interface ReportedCluster {
  readonly id: string;
  readonly name: string;
  readonly reportSeq: number;
  readonly inventorySeq: number;
  readonly desiredRevision: number;
  readonly desiredDigest: string | null;
  readonly ackedEpoch: number;
  readonly ackedRevision: number;
  readonly region: string | null;
  readonly zone: string | null;
  /** True when it counted as offline until now. */
  readonly wasAway: boolean;
  /** What its agent said before that it understands; null when it has never said anything. */
  readonly features: readonly string[] | null;
  /** The organization's. */
  readonly epoch: number;
}

export interface JudgedReport {
  readonly cluster: ReportedCluster;
  readonly report: Report;
  /** False: taken before, or overtaken by a later one. It has no effect. */
  readonly isNew: boolean;
  /** Highest sequence taken, this report included. */
  readonly seq: number;
  /** Whether it acknowledges what it says it does. */
  readonly acknowledged: boolean;
  readonly takesInventory: boolean;
  readonly inventorySeq: number;
  readonly resyncInventory: boolean;
  /** Region and zone that nobody has set yet. */
  readonly movedTo: { readonly region: string | null; readonly zone: string | null } | undefined;
  /** Whether its agent understands other states than it was taken to: another version was installed. */
  readonly changesFeatures: boolean;
  /** Some of what it was taken to understand it does not. */
  readonly losesFeatures: boolean;
  /** Whether the status of a policy may have changed by it. */
  readonly changesStatus: boolean;
  /** Whether a person who looks at the cluster would see a difference. */
  readonly isVisible: boolean;
}

/**
 * What a report is worth. An acknowledgement counts only for a state that this hub has asked for: of its epoch, not of the
 * future, and for the newest revision with its digest.
 */
export function judgeReport(cluster: ReportedCluster, report: Report): JudgedReport {
  const isNew = report.seq > cluster.reportSeq;
  const acknowledged =
    isNew &&
    report.digest !== undefined &&
    report.epoch === cluster.epoch &&
    report.revision <= cluster.desiredRevision &&
    (report.revision < cluster.desiredRevision || report.digest === (cluster.desiredDigest ?? report.digest));
  const { inventory, facts } = report;
  const takesInventory = isNew && inventory !== undefined && (inventory.base === 0 || inventory.base === cluster.inventorySeq);
  const [before, now] = [cluster.features ?? ENTRY_FEATURES, facts?.features ?? []];
  // Of what both sides know of: an agent may understand more than this hub.
  const speaks = isNew && facts !== undefined;
  const lost = ENTRY_FEATURES.filter((feature) => speaks && before.includes(feature) && !now.includes(feature));
  const gained = ENTRY_FEATURES.filter((feature) => speaks && !before.includes(feature) && now.includes(feature));
  const region = cluster.region === null ? (facts?.region ?? null) : null;
  const zone = cluster.zone === null ? (facts?.zone ?? null) : null;
  const moves = acknowledged && (cluster.ackedEpoch !== report.epoch || cluster.ackedRevision !== report.revision);
  const hasConditions = report.conditions.full || report.conditions.items.length > 0;
  return {
    cluster,
    report,
    isNew,
    seq: Math.max(report.seq, cluster.reportSeq),
    acknowledged,
    takesInventory,
    inventorySeq: takesInventory ? inventory.seq : cluster.inventorySeq,
    resyncInventory: isNew && inventory !== undefined && !takesInventory,
    movedTo: isNew && (region !== null || zone !== null) ? { region, zone } : undefined,
    changesFeatures: lost.length + gained.length > 0,
    losesFeatures: lost.length > 0,
    changesStatus: moves || hasConditions,
    isVisible: moves || hasConditions || facts !== undefined || cluster.wasAway,
  };
}
