import { toRequest } from './http-client.ts';
import { firstRequest, type Answers } from './running.ts';
import { startProcess } from './server-process.ts';
import type { Server } from './server.ts';

/** How long a server's process took to come up, in each round. */
export interface Cold {
  readonly server: string;
  /** To the first answer of any kind, to a request that asks for nothing there is: by then the script has run. */
  readonly startMs: number[];
  /** To the first right answer. */
  readonly answerMs: number[];
}

/** Starts each in turn, from nothing, and ends it. `answers`: those that are right. An object that is new has none. */
export async function measureCold(
  servers: readonly Server[],
  answers: Answers,
  rounds: number,
): Promise<readonly Cold[]> {
  const able = servers.filter(({ name }) => name !== 'object');
  const all = able.map((server) => ({
    server,
    cold: { server: server.name, startMs: [] as number[], answerMs: [] as number[] },
  }));
  const nothing = toRequest('GET', '/nothing', '');
  for (let round = 0; round < rounds; round += 1) {
    for (const { server, cold } of all) {
      const { request, check } = firstRequest(server, answers);
      const answering = await startProcess(await server.command(`cold-${round}`), request, check);
      await answering.kill();
      cold.answerMs.push(answering.answerMs);
      const starting = await startProcess(await server.command(`start-${round}`), nothing, () => {});
      await starting.kill();
      cold.startMs.push(starting.answerMs);
    }
  }
  return all.map(({ cold }) => cold);
}
