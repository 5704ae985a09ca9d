import { checkGateway, dataOf, fillObject, makeFinalTask, rightAnswer } from './answers.ts';
import { toRequest, type HttpAnswer } from './http-client.ts';
import { askOnce, type Kling } from './kling/start.ts';
import { WrongAnswer } from './load.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';
import { startProcess, type ServerProcess } from './server-process.ts';
import type { Server } from './server.ts';

/** A running server. */
export interface Running {
  readonly server: Server;
  readonly process: ServerProcess;
  readonly port: number;
}

/** The expected bytes of answers, by `keyOf`. */
export type Answers = ReadonlyMap<string, Buffer>;

export const keyOf = (server: Server, operation: OperationName): string => `${server.name} ${operation}`;

/** Returns the first request for a server, and a check that its answer equals the checked one. */
export function firstRequest(
  server: Server,
  answers: Answers,
): { readonly request: Buffer; readonly check: (answer: HttpAnswer) => void } {
  const operation = OPERATIONS.find((candidate) => server.request(candidate) !== null);
  const request = operation === undefined ? null : server.request(operation);
  const expected = operation === undefined ? undefined : answers.get(keyOf(server, operation.name));
  return {
    request: request ?? toRequest('GET', '/', ''),
    check({ status, body }) {
      const text = body.toString('utf8');
      // Its answers are not checked yet. The object is empty until they are.
      const isFine = expected === undefined ? status === 200 || server.name === 'object' : expected.equals(body);
      if (!isFine) throw new WrongAnswer(`${server.name} answered ${status}: ${text.slice(0, 500)}`);
    },
  };
}

export async function startServer(server: Server): Promise<Running> {
  const { request, check } = firstRequest(server, new Map());
  const process = await startProcess(await server.command('main'), request, check);
  return { server, process, port: process.port };
}

/** Checks the answers of all servers and returns them. The first server is the gateway. */
export async function checkAnswers(kling: Kling, running: readonly Running[]): Promise<Answers> {
  const [gateway, ...others] = running;
  if (gateway === undefined) return new Map();
  const answers = new Map<string, Buffer>();
  for (const operation of OPERATIONS) {
    const data = await gatewayData(gateway, operation);
    for (const one of [gateway, ...others]) {
      const { server } = one;
      if (server.request(operation) === null) continue;
      if (server.name === 'object') await fillObject(one.port, await ask(gateway, operation));
      try {
        answers.set(keyOf(server, operation.name), await rightAnswer(kling, one, operation, data));
      } catch (error) {
        throw new WrongAnswer(`${server.name}, ${operation.name}: ${String(error)}`, { cause: error });
      }
    }
  }
  return answers;
}

async function gatewayData(gateway: Running, operation: Operation): Promise<unknown> {
  const { server, port } = gateway;
  const learning = server.request(operation, true);
  if (learning === null) throw new WrongAnswer('the gateway answers everything');
  if (operation.name === 'ledger') {
    const graphql = (query: string): Buffer => server.request({ ...operation, query }) ?? learning;
    await makeFinalTask(graphql, port, (data) => JSON.stringify(data).includes('"SUCCEEDED"'), learning);
  }
  const data = dataOf(await askOnce(port, learning));
  checkGateway(operation, data);
  return data;
}

async function ask({ server, port }: Running, operation: Operation): Promise<HttpAnswer> {
  return askOnce(port, server.request(operation) ?? toRequest('GET', '/', ''));
}
