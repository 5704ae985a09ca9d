import type { FragmentDefinitionNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Conditions } from './conditions.ts';
import type { Position } from './position.ts';
import type { Copies } from './set-fields-copies.ts';
import type { Select } from './site.ts';

/** One operation of one document, against one schema: what every part of its compiled form may look up. */
export interface Plan {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  /** By name. Without a prototype, as resolvers see it in their `info`. */
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly conditions: Conditions;
  /** Hears how many fields were compiled. */
  readonly onFields: (count: number) => void;
  /** For what is made of the items of lists. */
  readonly copies: Copies;
  /** What is selected of an object of this type at this position. Compiled when it is first used. */
  readonly selectionOf: (type: GraphQLObjectType, position: Position) => Select;
}
