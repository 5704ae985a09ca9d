import { it } from 'vitest';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createOperations } from '../../src/hub/operations.ts';
import type { LogEvent } from '../../src/lib/log.ts';
import { schema } from '../../src/schema/schema.ts';
import { ALL_TASKS } from '../support/socket.ts';

const refused = (requestId: string) => ({
  type: 'refusal',
  errors: [{ message: 'Internal error', extensions: { code: 'INTERNAL', retryable: false, requestId } }],
});

it('a bug before the first event shows a client only the request id, which is in the log', async ({ expect }) => {
  const lines: LogEvent[] = [];
  const documents = createDocuments({ trusted: new Map(), trustedOnly: false, automatic: true });
  const operations = createOperations({
    schema,
    introspection: true,
    documents: { ...documents, find: () => Promise.reject(new TypeError('in finding')) },
    log: (line) => lines.push(line),
  });
  const operation = { query: ALL_TASKS, variables: {}, operationName: null, documentId: null, extensions: null };
  expect(await operations.find(operation, { requestId: 'bug-0', tenant: 'tenant-a' })).toEqual(refused('bug-0'));

  const variables = {
    get after(): string {
      throw new TypeError('in preparing');
    },
  };
  expect(operations.prepare({ ...operation, variables }, { requestId: 'bug-1', tenant: 'tenant-b' })).toEqual(
    refused('bug-1'),
  );

  const line = { level: 'error', message: 'unexpected error', error: 'TypeError', stack: expect.any(String) };
  expect(lines).toEqual([
    { ...line, requestId: 'bug-0', tenant: 'tenant-a', text: 'in finding' },
    { ...line, requestId: 'bug-1', tenant: 'tenant-b', text: 'in preparing' },
  ]);
});
