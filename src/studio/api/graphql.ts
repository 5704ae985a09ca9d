import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './introspection.d.ts';

/** Parses an operation, typed by schema.graphql. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; Decimal: string; Month: string; URL: string };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from 'gql.tada';
