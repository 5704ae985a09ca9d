import { Kind, type SelectionSetNode } from 'graphql';
import type { Fragments, Measure } from './document-measure.ts';

/** Fields of one place in the answer, which are merged there, by their name in it. */
interface Place {
  count: number;
  readonly inside: Map<string, Place>;
}

/**
 * Tells how often the field that a selection asks for most often is asked for at one place of the answer, by whatever
 * ways: the rule that such fields can be merged compares each with each. Only for selections whose fields were counted,
 * for it visits each.
 */
export function createCountRepeats(
  fragments: Fragments,
  measure: (selectionSet: SelectionSetNode) => Measure,
): (selectionSet: SelectionSetNode) => number {
  const spreading = new Set<string>();
  let most = 0;

  function visit({ selections }: SelectionSetNode, places: Map<string, Place>): void {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet, places);
      else if (node.kind === Kind.FRAGMENT_SPREAD) spread(node.name.value, places);
      else {
        const name = (node.alias ?? node.name).value;
        const place = places.get(name) ?? { count: 0, inside: new Map<string, Place>() };
        places.set(name, place);
        place.count += 1;
        most = Math.max(most, place.count);
        if (node.selectionSet !== undefined) visit(node.selectionSet, place.inside);
      }
    }
  }

  function spread(name: string, places: Map<string, Place>): void {
    const fragment = fragments.get(name);
    if (fragment === undefined || spreading.has(name)) return;
    // Fragments without a field could double for ever.
    if (measure(fragment.selectionSet).fields === 0) return;
    spreading.add(name);
    visit(fragment.selectionSet, places);
    spreading.delete(name);
  }

  return (selectionSet) => {
    most = 0;
    visit(selectionSet, new Map());
    return most;
  };
}
