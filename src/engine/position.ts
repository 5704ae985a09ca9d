import {
  type ASTNode,
  type FieldNode,
  GraphQLError,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isNonNullType,
  locatedError,
} from 'graphql';
import { addError, type Frame, type Run } from './frame.ts';

/**
 * A place in the response, but for the indices of the lists around it, which the `Frame` has: together they are a path.
 * So nothing is built for a path before there is an error.
 */
export interface Position {
  readonly up: Position | null;
  /** The response key; null for an item of a list. */
  readonly key: string | null;
  /** The type that the key is a field of; undefined for an item of a list. */
  readonly typename: string | undefined;
  /** The fields of the document that are merged here. */
  readonly nodes: readonly FieldNode[];
  /** Null is no answer here: an error makes what is above null. */
  readonly isRequired: boolean;
}

export function itemPosition(up: Position, itemType: GraphQLOutputType): Position {
  return { up, key: null, typename: undefined, nodes: up.nodes, isRequired: isNonNullType(itemType) };
}

/** What stands at a position after an error: null, or the error goes on to the position above. */
export function settleError(error: unknown, position: Position, frame: Frame): null {
  const path = toPath(position, frame);
  const located = locate(error, position, path, frame.run);
  if (position.isRequired) throw located;
  addError(frame.run, located, path);
  return null;
}

/** Past the limit one error stands for all. */
function locate(error: unknown, { nodes }: Position, path: readonly (string | number)[], run: Run): GraphQLError {
  const isLocated = error instanceof GraphQLError && error.path !== undefined;
  if (isLocated || run.errorsLeft > 0) {
    if (!isLocated) run.errorsLeft -= 1;
    return locatedError(error, nodes, path);
  }
  run.tooMany ??= tooManyErrors(nodes, path);
  return run.tooMany;
}

/** Stands for all errors after the limit. */
export function tooManyErrors(nodes: readonly ASTNode[], path: readonly (string | number)[]): GraphQLError {
  return new GraphQLError('There are too many errors: the others are not reported.', { nodes, path });
}

/** The same path as a resolver sees it: linked, from below. */
export function toLinkedPath(position: Position, frame: Frame): GraphQLResolveInfo['path'] {
  const { up, key, typename } = position;
  const above = key === null ? (frame.up ?? frame) : frame;
  const prev = up === null ? undefined : toLinkedPath(up, above);
  return { prev, key: key ?? frame.index, typename };
}

/** The path of an error. */
export function toPath(position: Position, frame: Frame): (string | number)[] {
  const path: (string | number)[] = [];
  let around: Frame | null = frame;
  for (let at: Position | null = position; at !== null; at = at.up) {
    if (at.key !== null) path.push(at.key);
    else if (around !== null) {
      path.push(around.index);
      around = around.up;
    }
  }
  return path.toReversed();
}
