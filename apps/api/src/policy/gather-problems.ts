import type { ManifestProblem } from '@meshfleet/manifest';
import type { ErrorEnvelope } from '@meshfleet/model';

/** Names shown of the clusters that a problem is about; the rest is a number. */
const MOST_NAMES = 3;

/** Gathers what is wrong in single clusters, so that one problem is said once and names the clusters that have it. */
export class ProblemGatherer {
  readonly #found = new Map<string, { readonly problem: ManifestProblem; readonly clusters: Set<string> }>();

  add(problem: ManifestProblem, clusters: readonly string[]): void {
    const { where, summary } = problem;
    const key = JSON.stringify([where.document, where.line, where.column, summary]);
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { problem, clusters: new Set(clusters) });
    else for (const cluster of clusters) known.clusters.add(cluster);
  }

  /** Each problem with the clusters that have it, by its place in the text. */
  list(all: number): { readonly problem: ErrorEnvelope; readonly everywhere: boolean }[] {
    return [...this.#found.values()]
      .sort((a, b) => a.problem.where.document - b.problem.where.document || a.problem.where.line - b.problem.where.line)
      .map(({ problem, clusters }) => {
        const names = [...clusters].sort();
        const everywhere = names.length === all;
        const { where, ...said } = problem;
        const summary = everywhere ? said.summary : `${said.summary} (in ${namesOf(names)})`;
        return { problem: { ...said, summary, where: { ...where, clusters: names } }, everywhere };
      });
  }
}

/** `the cluster a`, `the clusters a, b and 7 more`. */
export function namesOf(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length === 1) return `the cluster ${first}`;
  const shown = names.slice(0, MOST_NAMES);
  const more = names.length - shown.length;
  return `the clusters ${more === 0 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}` : `${shown.join(', ')} and ${more} more`}`;
}

/** A problem by a schema that is not ours: who reads it wonders where it comes from. */
export function byServedSchema(problem: ManifestProblem): ManifestProblem {
  return { ...problem, why: `${problem.why.replace(/\.$/, '')}, as the definition that is installed in the cluster says.` };
}
