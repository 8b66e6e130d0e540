import { Kind, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** Fields that cost more than their share: they count, or read bodies. */
const WEIGHTS: Readonly<Record<string, number>> = { totalCount: 5, diff: 20, manifests: 2, objects: 5, policyCheck: 50, policyPreview: 50, totals: 1000, refusals: 500, findings: 200, blastRadius: 10, dryRun: 100, live: 100, steps: 50, next: 50, objectInspection: 50, gitopsIgnoreRules: 20, __schema: 100, __type: 20 };
const ONCE_PER_PAGE = new Set(['totalCount', 'pageInfo']);
const MUTATION = 10;

/**
 * What a query costs, in points: one for every object that it may read, times the sizes of the pages around it, whether
 * they are written in the query or come as variables. A document's cost is that of its dearest operation. Linear in the
 * document's size: each fragment is priced once.
 */
export function queryCost(document: DocumentNode, variables: Readonly<Record<string, unknown>>): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  return Math.max(0, ...operations.map((operation) => operationCost(operation, fragments, variables)));
}

function operationCost(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  variables: Readonly<Record<string, unknown>>,
): number {
  const prices = new Map<string, number>();
  const defaults = defaultsOf(operation);

  /** `size` is that of the page whose fields these are: what is there once per page does not count per row. */
  const selectionCost = (set: SelectionSetNode, size = 1): number => {
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) sum += fieldCost(selection) * (ONCE_PER_PAGE.has(selection.name.value) ? 1 : size);
      else if (selection.kind === Kind.INLINE_FRAGMENT) sum += selectionCost(selection.selectionSet, size);
      else sum += fragmentCost(selection.name.value) * size;
    }
    return sum;
  };
  const fragmentCost = (name: string): number => {
    const known = prices.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    // Validation refuses cycles and unknown names; until then they cost nothing.
    prices.set(name, 0);
    const price = fragment === undefined ? 0 : selectionCost(fragment.selectionSet);
    prices.set(name, price);
    return price;
  };
  const fieldCost = (field: FieldNode): number => {
    const own = WEIGHTS[field.name.value] ?? (field.selectionSet === undefined ? 0 : 1);
    if (field.selectionSet === undefined || field.name.value.startsWith('__')) return own;
    return own + selectionCost(field.selectionSet, pageSize(field));
  };
  const pageSize = (field: FieldNode): number => {
    const argument = field.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last');
    if (argument === undefined) return 1;
    const { value } = argument;
    if (value.kind === Kind.INT) return Math.max(1, Number(value.value));
    const given = value.kind === Kind.VARIABLE ? (variables[value.name.value] ?? defaults.get(value.name.value)) : undefined;
    return typeof given === 'number' && given > 1 ? given : 1;
  };

  const roots = operation.selectionSet.selections.length;
  return selectionCost(operation.selectionSet) + (operation.operation === 'mutation' ? MUTATION * roots : 0);
}

function defaultsOf(operation: OperationDefinitionNode): ReadonlyMap<string, number> {
  const defaults = new Map<string, number>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue?.kind === Kind.INT) defaults.set(variable.name.value, Number(defaultValue.value));
  }
  return defaults;
}
