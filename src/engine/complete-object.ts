import { GraphQLError, type GraphQLObjectType } from 'graphql';
import { inspect } from './inspect.ts';
import { createLazyInfo } from './lazy-info.ts';
import type { Position } from './position.ts';
import type { Complete, Site } from './site.ts';
import { isPromiseLike } from './values.ts';

/** An object of a type that is known. Its `isTypeOf`, if it has one, still has to agree. */
export function compileObject(site: Site, type: GraphQLObjectType, position: Position): Complete {
  const select = site.plan.selectionOf(type, position);
  const { isTypeOf } = type;
  if (isTypeOf === undefined || isTypeOf === null) return select;

  const wrong = (value: unknown) =>
    new GraphQLError(`Expected value of type "${type.name}" but got: ${inspect(value)}.`, { nodes: site.nodes });
  return (value, frame) => {
    const { run } = frame;
    const agrees = type.isTypeOf?.(value, run.contextValue, createLazyInfo(site, frame));
    if (isPromiseLike(agrees)) {
      return agrees.then((agreed: unknown) => {
        if (run.isEnded) throw new Error('Aborted!');
        if (!agreed) throw wrong(value);
        return select(value, frame);
      });
    }
    if (!agrees) throw wrong(value);
    return select(value, frame);
  };
}
