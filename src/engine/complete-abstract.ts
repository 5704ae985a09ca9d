import {
  defaultTypeResolver,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLObjectType,
  isObjectType,
} from 'graphql';
import { compileObject } from './complete-object.ts';
import { inspect } from './inspect.ts';
import { createLazyInfo } from './lazy-info.ts';
import type { Position } from './position.ts';
import { type Complete, fieldNameOf, type Site } from './site.ts';
import { isPromiseLike } from './values.ts';

/** An object of an interface or a union: whatever type it turns out to be has its own selection. */
export function compileAbstract(site: Site, type: GraphQLAbstractType, position: Position): Complete {
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const completes = new Map<unknown, Complete>();
  const completeAs = (typename: unknown, value: unknown): Complete => {
    const known = completes.get(typename);
    if (known !== undefined) return known;
    const complete = compileObject(site, toObjectType(site, type, typename, value), position);
    completes.set(typename, complete);
    return complete;
  };
  return (value, frame) => {
    const { run } = frame;
    const typename: unknown = resolveType(value, run.contextValue, createLazyInfo(site, frame), type);
    if (isPromiseLike(typename)) {
      return typename.then((resolved) => {
        if (run.isEnded) throw new Error('Aborted!');
        return completeAs(resolved, value)(value, frame);
      });
    }
    return completeAs(typename, value)(value, frame);
  };
}

/** Throws for what is no type that the abstract one could be. */
function toObjectType(site: Site, abstract: GraphQLAbstractType, typename: unknown, value: unknown): GraphQLObjectType {
  const { schema } = site.plan;
  const nodes = { nodes: site.nodes };
  const mustResolve = `Abstract type "${abstract.name}" must resolve to an Object type at runtime for field "${fieldNameOf(site)}"`;
  if (typename === null || typename === undefined) {
    throw new GraphQLError(
      `${mustResolve}. Either the "${abstract.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
      nodes,
    );
  }
  if (typeof typename !== 'string') {
    throw new GraphQLError(
      `${mustResolve} with value ${inspect(value)}, received "${inspect(typename)}", which is not a valid Object type name.`,
    );
  }
  const type = schema.getType(typename);
  if (type === undefined) {
    throw new GraphQLError(
      `Abstract type "${abstract.name}" was resolved to a type "${typename}" that does not exist inside the schema.`,
      nodes,
    );
  }
  if (!isObjectType(type)) {
    throw new GraphQLError(`Abstract type "${abstract.name}" was resolved to a non-object type "${typename}".`, nodes);
  }
  if (!schema.isSubType(abstract, type)) {
    throw new GraphQLError(`Runtime Object type "${type.name}" is not a possible type for "${abstract.name}".`, nodes);
  }
  return type;
}
