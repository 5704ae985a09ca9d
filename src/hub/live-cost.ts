import type { DocumentNode, FieldNode, OperationDefinitionNode } from 'graphql';
import { createMeasure, fragmentsOf, sizeOf } from '../graphql/document-measure.ts';

/** A call of the ledger takes as long as so many fields, and each record that it answers with as long as so many more. */
const CALL = 100;
const RECORD = 5;

/** Finding the operation and printing its answer, whatever it asks for. */
const OPERATION = 20;

/** The fields that an event does not carry: they are read from the ledger. */
const READ_FIELDS = new Set(['events', 'queuePosition']);

/** Writing one message to a socket, whatever is in it: about 50 microseconds. */
const MESSAGE = 20;
/** Copying so many fields into a message takes as long as answering one. */
const FIELDS_PER_COPY = 20;
const CHARS_PER_FIELD = 50;

/**
 * What one event costs a hub to run this operation once, in fields: about 2 microseconds each. Lists count as long as they
 * may get, also where a variable says how long.
 */
export function liveCostOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): number {
  return OPERATION + createMeasure(fragmentsOf(document), weightOf)(selectionSet).answers;
}

/** What each socket that shares the operation adds to it, for one event. */
export function copyCostOf(cost: number): number {
  return MESSAGE + Math.ceil(cost / FIELDS_PER_COPY);
}

/** What sending this payload to one socket costs. */
export function messageCostOf({ length }: string): number {
  return MESSAGE + Math.ceil(length / CHARS_PER_FIELD / FIELDS_PER_COPY);
}

function weightOf(node: FieldNode): number {
  if (!READ_FIELDS.has(node.name.value)) return 1;
  return CALL + (node.selectionSet === undefined ? 1 : sizeOf(node)) * RECORD;
}
