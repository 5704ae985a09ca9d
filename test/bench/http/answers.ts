import { isDeepStrictEqual } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { hiveData, HIVE_QUERIES } from './hive-operations.ts';
import { toRequest, type HttpAnswer } from './http-client.ts';
import { askOnce, type Kling } from './kling/start.ts';
import { WrongAnswer } from './load.ts';
import { FINAL_TASK, type Operation, type OperationName } from './operations.ts';
import type { Server } from './server.ts';

/** The longest time until the gateway knows that a task has ended. */
const FINAL_MS_MAX = 15_000;

/** The requests whose calls of Kling are counted before the measurement. */
const PROBES = 3;

/** Returns the `data` of a GraphQL answer. Throws `WrongAnswer` for any other answer, and for one with an error. */
export function dataOf({ status, body }: HttpAnswer): unknown {
  const text = body.toString('utf8');
  if (status !== 200 || !text.startsWith('{')) throw new WrongAnswer(`answered ${status}: ${text.slice(0, 500)}`);
  const { data, errors } = JSON.parse(text) as { readonly data?: unknown; readonly errors?: unknown };
  if (errors !== undefined || data === undefined || data === null) {
    throw new WrongAnswer(`answered with errors: ${text.slice(0, 500)}`);
  }
  return data;
}

/** Creates an ended task of the caller at the gateway. `graphql` creates a request from a document, and `read` reads the task. */
export async function makeFinalTask(
  graphql: (query: string) => Buffer,
  port: number,
  isFinal: (data: unknown) => boolean,
  read: Buffer,
): Promise<void> {
  const input = `{ name: "Narrator", externalId: "${FINAL_TASK}", sample: { url: "https://example.com/voice-12s.mp3" } }`;
  dataOf(
    await askOnce(
      port,
      graphql(
        `mutation { createVoiceTask(input: ${input}) { ... on VoiceTask { id } ... on Failure { code message } } }`,
      ),
    ),
  );
  for (const deadlineMs = Date.now() + FINAL_MS_MAX; !isFinal(dataOf(await askOnce(port, read)));) {
    if (Date.now() > deadlineMs) throw new WrongAnswer('the task does not end');
    await wait(200);
  }
}

/** Stores the gateway's answer in the row of the bare object. */
export async function fillObject(port: number, answer: HttpAnswer): Promise<void> {
  const { status } = await askOnce(port, toRequest('PUT', '/', answer.body.toString('utf8')));
  if (status !== 204) throw new WrongAnswer(`the object keeps nothing: ${status}`);
}

/**
 * Returns a server's answer to an operation as bytes. Checks that it has the data of the gateway or of Kling, and that it causes
 * the right number of requests to Kling. Throws `WrongAnswer`.
 */
export async function rightAnswer(
  kling: Kling,
  { server, port }: { readonly server: Server; readonly port: number },
  operation: Operation,
  gatewayData: unknown,
): Promise<Buffer> {
  const learning = server.request(operation, true);
  const request = server.request(operation);
  if (learning === null || request === null) throw new WrongAnswer('nothing to ask');
  await askOnce(port, learning);
  const before = await kling.count();
  const first = await askOnce(port, request);
  for (let i = 1; i < PROBES; i += 1) {
    const { status, body } = await askOnce(port, request);
    if (status !== 200 || !body.equals(first.body)) throw new WrongAnswer('the same request is answered differently');
  }
  const calls = ((await kling.count()) - before) / PROBES;
  if (calls !== operation.calls) {
    throw new WrongAnswer(`${calls} requests at Kling for one instead of ${operation.calls}`);
  }
  const expected = server.words === 'SCHEMA' ? gatewayData : await klingAnswer(kling, operation, server.words);
  const answered = server.words === 'KLING' ? (JSON.parse(first.body.toString('utf8')) as unknown) : dataOf(first);
  if (!isDeepStrictEqual(answered, expected)) {
    throw new WrongAnswer(`other data than expected: ${first.body.toString('utf8').slice(0, 1_000)}`);
  }
  return first.body;
}

async function klingAnswer(kling: Kling, operation: Operation, words: 'KLING' | 'OPENAPI'): Promise<unknown> {
  const query = HIVE_QUERIES[operation.name];
  if (words === 'OPENAPI' && query !== undefined) return hiveData(kling, query);
  if (operation.kling === null) throw new WrongAnswer('Kling has no one answer to that');
  const { method, path, body } = operation.kling;
  return kling.ask(method, path, body);
}

/** The number of list items in the gateway's answers. */
const EXPECTED: Readonly<Record<OperationName, number | null>> = {
  task: 1,
  persisted: 1,
  page: 30,
  list: 500,
  voices: 500,
  'fan-out': 20,
  ledger: null,
  mutation: null,
};

/** Checks the gateway's answer. The answers of the others are compared with it. */
export function checkGateway({ name }: Operation, data: unknown): void {
  const text = JSON.stringify(data);
  const mark = name === 'voices' ? /"id":"Vm9pY2U6/g : /"klingTaskId":/g;
  const items = /"items":\[/.test(text) ? (text.match(mark) ?? []).length : null;
  const expected = EXPECTED[name];
  if (items !== expected) throw new WrongAnswer(`${items} items in the answer instead of ${expected}`);
}
