import type { Kling } from './kling/start.ts';
import { runLoad, WrongAnswer, type Round } from './load.ts';
import { OPERATIONS, type OperationName } from './operations.ts';
import { checkAnswers, keyOf, startServer, type Answers, type Running } from './running.ts';
import { residentBytes } from './server-process.ts';
import type { Server } from './server.ts';

/** One operation under one load. */
export interface Scenario {
  readonly operation: OperationName;
  /** The delay of Kling's answers. */
  readonly latencyMs: number;
  readonly connections: number;
}

/** The rounds of one server under one load. Rounds of the same index ran one after another. */
export interface Measured extends Scenario {
  readonly server: string;
  readonly rounds: Round[];
}

/** The memory of a server's process. */
export interface Footprint {
  readonly server: string;
  readonly title: string;
  readonly gzipBytes: number | null;
  /** The resident memory after all rounds. */
  readonly residentBytes: number;
}

export interface Measurement {
  readonly measured: readonly Measured[];
  readonly footprints: readonly Footprint[];
  /** The checked answers. */
  readonly answers: Answers;
}

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
  readonly onProgress: (text: string) => void;
}

/** The warm-up before the first round of an operation, in which V8 compiles hot functions. */
const WARM_UP_S = 5;
const WARM_AGAIN_S = 1;

/** Measures all servers in turn. Each round starts with another server. The first of `servers` is the gateway. */
export async function measure(
  kling: Kling,
  servers: readonly Server[],
  { rounds, seconds, scenarios, onProgress }: Plan,
): Promise<Measurement> {
  const running: Running[] = [];
  try {
    for (const server of servers) running.push(await startServer(server));
    const answers = await checkAnswers(kling, running);
    const measured: Measured[] = [];
    const warm = new Set<OperationName>();
    for (const scenario of scenarios) {
      onProgress(`${scenario.operation}, ${scenario.latencyMs} ms, ${scenario.connections} connections`);
      await kling.setLatency(scenario.latencyMs);
      const warmUpS = warm.has(scenario.operation) ? WARM_AGAIN_S : WARM_UP_S;
      warm.add(scenario.operation);
      const load = { rounds, seconds, warmUpS, klingPid: kling.pid };
      measured.push(...(await measureScenario(running, answers, scenario, load)));
    }
    await kling.setLatency(0);
    const footprints = running.map(({ server, process }) => ({
      server: server.name,
      title: server.title,
      gzipBytes: server.gzipBytes,
      residentBytes: residentBytes(process.pid),
    }));
    return { measured, footprints, answers };
  } finally {
    for (const { process } of running) await process.kill();
  }
}

async function measureScenario(
  running: readonly Running[],
  answers: Answers,
  scenario: Scenario,
  {
    rounds,
    seconds,
    warmUpS,
    klingPid,
  }: Pick<Plan, 'rounds' | 'seconds'> & { readonly warmUpS: number; readonly klingPid: number },
): Promise<readonly Measured[]> {
  const operation = OPERATIONS.find(({ name }) => name === scenario.operation);
  if (operation === undefined) throw new Error(`no operation is called ${scenario.operation}`);
  const takers = running.flatMap(({ server, process, port }) => {
    const request = server.request(operation);
    const expected = answers.get(keyOf(server, operation.name));
    if (request === null || expected === undefined) return [];
    const { connections } = scenario;
    const run = async (forSeconds: number): Promise<Round> => {
      try {
        return await runLoad({ pid: process.pid, port, request, expected, connections, klingPid, seconds: forSeconds });
      } catch (error) {
        throw new WrongAnswer(`${server.name}, ${operation.name}: ${String(error)}`, { cause: error });
      }
    };
    return [{ run, measured: { ...scenario, server: server.name, rounds: [] as Round[] } }];
  });
  for (const { run } of takers) await run(warmUpS);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < takers.length; turn += 1) {
      const { run, measured } = takers[(round + turn) % takers.length]!;
      measured.rounds.push(await run(seconds));
    }
  }
  return takers.map(({ measured }) => measured);
}
