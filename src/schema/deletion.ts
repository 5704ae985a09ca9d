import type { DeletedVoiceResult } from '../domain/ports.ts';
import { ConflictError, InvalidInputError, UpstreamError } from '../errors.ts';
import { builder } from './builder.ts';
import type { NodeType } from './global-id.ts';

/** An object that was deleted. */
export interface Deleted {
  readonly type: NodeType;
  /** The id within the type. */
  readonly id: string;
  /** Kling's answer. Null for what Kling does not have. */
  readonly answer: Omit<DeletedVoiceResult, 'voiceId'> | null;
}

export const DeletionRef = builder.objectRef<Deleted>('Deletion').implement({
  description: 'An object was deleted.',
  fields: (t) => ({
    deletedId: t.globalID({
      description: "The id that the object had, for removing it from a client's cache.",
      resolve: ({ type, id }) => ({ type, id }),
    }),
  }),
});

/** The answer of every mutation that deletes. */
export const DeletionResultRef = builder.errorUnion('DeletionResult', {
  description: 'The deletion, or why nothing was deleted.',
  types: [DeletionRef, InvalidInputError, ConflictError, UpstreamError],
  resolveType: () => 'Deletion',
});
