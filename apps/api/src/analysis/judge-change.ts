import { analysisInputOf, analyze, doubtUnread, newFindings, rowsOf, unreadIn, withChanges, type AnalysisChanges, type AnalysisFacts } from '@meshfleet/istio/analysis';
import { formatObjectKey, objectKeyOf, type Finding } from '@meshfleet/model';

/** One cluster as its agent reported it, and what a change would do to it. */
export interface ChangeOrder {
  /** The JSON of `[key, body]` of each object: text goes to another thread for less than objects do. */
  readonly inventory: string;
  /** What is on its way there already, whoever wants it: no finding of the change's. */
  readonly coming: AnalysisChanges;
  readonly change: AnalysisChanges;
  readonly facts: Partial<AnalysisFacts>;
}

export interface ChangeFindings {
  /** Findings that the change would bring. */
  readonly introduced: readonly Finding[];
  /** Findings that it would end. */
  readonly resolved: readonly Finding[];
}

/** Analyses the cluster without the change and with it, by the rules that can see what it touches, and tells the two apart. */
export function judgeChange({ inventory, coming, change, facts }: ChangeOrder): ChangeFindings {
  const changed = keysOf(change);
  if (changed.length === 0) return { introduced: [], resolved: [] };
  const before = withChanges(analysisInputOf(rowsOf(inventory), facts), coming);
  const found = analyze(before, { changed });
  const would = analyze(withChanges(before, change), { changed });
  return { introduced: doubtUnread(newFindings(found, would), unreadIn(before)), resolved: newFindings(would, found) };
}

/** Keys of the objects that a change writes or removes. */
export function keysOf({ upsert, remove }: AnalysisChanges): readonly string[] {
  return [...(upsert ?? []).map(({ object }) => formatObjectKey(objectKeyOf(object))), ...(remove ?? [])];
}
