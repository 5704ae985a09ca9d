import { getNullableType, type GraphQLOutputType, isLeafType, isListType, isObjectType } from 'graphql';
import { compileAbstract } from './complete-abstract.ts';
import { coerceLeaf, compileLeaf } from './complete-leaf.ts';
import { compileList } from './complete-list.ts';
import { compileObject } from './complete-object.ts';
import { itemPosition, type Position } from './position.ts';
import { type Complete, fieldNameOf, type Site } from './site.ts';

/** For a value of this type at this position: that of the field, or of an item of its list. */
export function compileComplete(site: Site, type: GraphQLOutputType, position: Position): Complete {
  const nullable = getNullableType(type);
  const complete = refusing(site, compileNullable(site, nullable, position), position.isRequired);
  return isLeafType(nullable) ? compileLeaf(nullable, complete) : complete;
}

/** Lets through neither null nor an error. */
function refusing(site: Site, complete: Complete, isRequired: boolean): Complete {
  return (value, frame) => {
    if (value === null || value === undefined) {
      if (isRequired) throw new Error(`Cannot return null for non-nullable field ${fieldNameOf(site)}.`);
      return null;
    }
    if (value instanceof Error) throw value;
    return complete(value, frame);
  };
}

function compileNullable(site: Site, type: GraphQLOutputType, position: Position): Complete {
  if (isLeafType(type)) return (value) => coerceLeaf(type, value);
  if (isListType(type)) {
    const item = itemPosition(position, type.ofType);
    return compileList(site, item, compileComplete(site, type.ofType, item), isLeafType(getNullableType(type.ofType)));
  }
  if (isObjectType(type)) return compileObject(site, type, position);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- graphql's types forget that it was unwrapped
  return compileAbstract(site, type as never, position);
}
