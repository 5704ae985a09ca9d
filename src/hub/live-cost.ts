import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { countAnswers } from '../graphql/answer-count.ts';
import { fragmentsOf } from '../graphql/limits.ts';
import type { FieldCost } from '../lib/field-cost.ts';

/** A call of the ledger takes as long as so many fields, and each record that it answers with as long as so many more. */
const CALL = 100;
const RECORD = 5;

/** Finding the operation and printing its answer, whatever it asks for. */
const OPERATION = 20;

/** Writing one message to a socket, whatever is in it: about 50 microseconds. */
const MESSAGE = 20;
/** Copying so many fields into a message takes as long as answering one. */
const FIELDS_PER_COPY = 20;
const CHARS_PER_FIELD = 50;

/**
 * What one event costs a hub to run this operation once, in fields: about 2 microseconds each. Lists count as long as they
 * may get, also where a variable says how long.
 */
export function watchCostOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): number {
  return OPERATION + countAnswers(schema, fragmentsOf(document), operation, weigh);
}

/** What each socket that shares the operation adds to it, for one event. */
export function copyCostOf(cost: number): number {
  return MESSAGE + Math.ceil(cost / FIELDS_PER_COPY);
}

/** What sending this payload to one socket costs. */
export function messageCostOf({ length }: string): number {
  return MESSAGE + Math.ceil(length / CHARS_PER_FIELD / FIELDS_PER_COPY);
}

/** An event does not carry what a call reads. */
function weigh({ call }: FieldCost, items: number): number {
  return call === true ? CALL + items * RECORD : 1;
}
