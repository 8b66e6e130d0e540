import { GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';
import type { Finding } from '@meshfleet/model';
import type { Connection } from './connection.ts';

const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: (value) => new Date(String(value)),
  parseLiteral: (node) => new Date(node.kind === Kind.STRING ? node.value : Number.NaN),
});

const JSON_SCALAR = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** How long a list is: counted only when somebody asks. */
const counting = { totalCount: (connection: Connection<unknown>) => connection.count?.() ?? Promise.resolve(0) };

/** Scalars, and what all lists have in common. */
export const plainResolvers = {
  DateTime,
  JSON: JSON_SCALAR,
  ClusterConnection: counting,
  PolicyConnection: counting,
  JoinTokenConnection: counting,
  DesiredObjectConnection: counting,
  PolicyClusterConnection: counting,
  ClusterPolicyConnection: counting,
  ObjectConditionConnection: counting,
  InventoryConnection: counting,
  PolicyPreviewClusterConnection: counting,
  RolloutConnection: counting,
  RolloutClusterConnection: counting,
  FreezeConnection: counting,
  Finding: { related: ({ related }: Finding) => related ?? [] },
};
