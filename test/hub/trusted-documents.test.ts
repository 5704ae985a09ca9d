import { describe, it } from 'vitest';
import { createDocuments } from '../../src/graphql/documents.ts';
import { createOperations } from '../../src/hub/operations.ts';
import { parseClientMessage } from '../../src/hub/protocol.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { schema } from '../../src/schema/schema.ts';
import { ONE_TASK } from '../support/socket.ts';

const trusted = new Map([['doc-1', ONE_TASK]]);
const operations = createOperations({
  schema,
  introspection: true,
  documents: createDocuments({ trusted, trustedOnly: true, automatic: true }),
  log: () => {},
});

const ASKER = { requestId: 'r', tenant: 'tenant-a' };

/** Parses and finds an operation as a socket does. */
async function find(payload: object) {
  const message = parseClientMessage(JSON.stringify({ id: '1', type: 'subscribe', payload }));
  if (message.type !== 'subscribe') throw new Error(message.type);
  return operations.find(message.payload, ASKER);
}

describe('a socket when only trusted documents are allowed', () => {
  it('subscribes by the id of a document, and stores the document', async ({ expect }) => {
    const variables = { id: encodeGlobalId('VoiceTask', 'task-1') };
    const found = await find({ documentId: 'doc-1', variables });
    if (found.type !== 'operation') throw new Error(JSON.stringify(found));
    expect(found.operation).toMatchObject({ query: ONE_TASK, documentId: 'doc-1', variables });
    expect(operations.prepare(found.operation, ASKER).type).toBe('subscription');
  });

  it('cannot subscribe by another document', async ({ expect }) => {
    expect(await find({ query: ONE_TASK })).toMatchObject({
      type: 'refusal',
      errors: [{ message: expect.stringContaining('by their id only'), extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });
});
