import { it } from 'vitest';
import type { GatewayContext } from '../../src/context.ts';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createOperations } from '../../src/hub/operations.ts';
import { schema } from '../../src/schema/schema.ts';
import { TASKS_CHANGED } from '../support/socket.ts';

it('tells a client nothing of a bug before its first event, and the log all', async ({ expect }) => {
  const bugs: unknown[] = [];
  const documents = createDocuments({ trusted: new Map(), trustedOnly: false, automatic: true });
  const operations = createOperations({
    schema,
    introspection: true,
    documents: { ...documents, find: () => Promise.reject(new TypeError('in finding')) },
    onBug: (bug) => bugs.push(String(bug)),
  });
  const refused = { type: 'refused', errors: [{ message: 'Internal error', extensions: { code: 'INTERNAL' } }] };

  const operation = { query: TASKS_CHANGED, variables: {}, operationName: null, documentId: null, extensions: null };
  expect(await operations.find(operation)).toMatchObject(refused);

  const variables = {
    get after(): string {
      throw new TypeError('in preparing');
    },
  };
  expect(operations.prepare({ ...operation, variables }, {} as GatewayContext)).toMatchObject(refused);
  expect(bugs).toEqual(['TypeError: in finding', 'TypeError: in preparing']);
});
