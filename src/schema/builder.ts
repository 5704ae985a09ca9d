import SchemaBuilder from '@pothos/core';
import RelayPlugin from '@pothos/plugin-relay';
import type { GatewayContext } from '../context.ts';
import { encodeGlobalId } from './global-id.ts';

/** The one schema builder. Fields are non-null and arguments required unless they say otherwise. */
export const builder = new SchemaBuilder<{
  Context: GatewayContext;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: true;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Output in milliseconds since the epoch; never an input. */
    DateTime: { Input: never; Output: number };
  };
}>({
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  plugins: [RelayPlugin],
  relay: {
    cursorType: 'String',
    encodeGlobalID: (typename, id) => encodeGlobalId(typename, String(id)),
    idFieldOptions: {
      description:
        "Opaque and stable: pass it back as it is, to `node` or wherever an `ID` of this type is asked for. Not one of Kling's ids.",
    },
    nodeTypeOptions: {
      description: "Anything that can be read again by its id alone, as Relay's Object Identification asks.",
    },
    // node.ts has them: the plugin's own fail as a whole for an id that is not one of this gateway's.
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    pageInfoTypeOptions: {
      description: "Where a window of a list lies in the whole, as Relay's Cursor Connections ask.",
    },
    hasNextPageFieldOptions: { description: 'Whether asking again with `after: endCursor` would show more.' },
    hasPreviousPageFieldOptions: {
      description:
        'Whether an `after` was given: lists are walked forwards only, so there is no way back but to start over.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first edge shown; null when the window is empty.' },
    endCursorFieldOptions: {
      description: 'The cursor of the last edge shown: the next `after`. Null when the window is empty.',
    },
    pageInfoFieldOptions: { description: 'Whether there is more, and the cursor to ask for it with.' },
    edgesFieldOptions: { description: "The items of this window in the list's order. Empty when there are none." },
    cursorFieldOptions: {
      description:
        'Opaque; `after: cursor` continues right behind this item, also when items were added or removed meanwhile.',
    },
    nodeFieldOptions: { description: 'The item itself.' },
  },
});

builder.queryType({ description: 'Reads. None of them costs units at Kling, and none changes anything.' });
builder.mutationType({
  description:
    'Paid or lasting work at Kling. Several in one request run one after another; one that fails is null and the others stay done, so that no paid answer is lost with it.',
});
