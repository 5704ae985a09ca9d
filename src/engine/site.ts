import type { GraphQLField, GraphQLObjectType } from 'graphql';
import type { Plan } from './plan.ts';
import type { Position } from './position.ts';
import type { Frame } from './frame.ts';

/** Makes the value at one position of the response from what a resolver gave. Throws what makes the position null. */
export type Complete = (value: unknown, frame: Frame) => unknown;

/** Makes an object of the response, or one field of it, from the source: a promise if it is not there at once. */
export type Select = (source: unknown, frame: Frame) => unknown;

/** The position of a field, and what is known of it. Its nodes are at least one. */
export interface Site extends Position {
  readonly key: string;
  readonly plan: Plan;
  readonly parentType: GraphQLObjectType;
  readonly field: GraphQLField;
}

/** As graphql's errors name a field. */
export function fieldNameOf({ parentType, field }: Site): string {
  return `${parentType.name}.${field.name}`;
}
