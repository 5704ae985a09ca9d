import type { GraphQLResolveInfo } from 'graphql';
import { toLinkedPath } from './position.ts';
import { abortSignalOf, type Frame, helpersOf } from './frame.ts';
import type { Site } from './site.ts';

/** The fourth argument of a resolver, as graphql's own executor makes it. */
export function createResolveInfo(site: Site, frame: Frame): GraphQLResolveInfo {
  const { plan, parentType, field, nodes } = site;
  const { run } = frame;
  return {
    fieldName: field.name,
    fieldNodes: nodes,
    returnType: field.type,
    parentType,
    path: toLinkedPath(site, frame),
    schema: plan.schema,
    fragments: plan.fragments,
    rootValue: run.rootValue,
    operation: plan.operation,
    variableValues: run.variableValues,
    getAbortSignal: () => abortSignalOf(run),
    getAsyncHelpers: () => helpersOf(run),
  };
}
