import { toRequest } from './http-client.ts';
import { firstRequest, type Answers } from './running.ts';
import { startProcess } from './server-process.ts';
import type { Server } from './server.ts';

/** The startup times of a server's process, one for each round. */
export interface Cold {
  readonly server: string;
  /** The time to any first answer, to a request for an unknown path. By then the script has run. */
  readonly startMs: number[];
  /** The time to the first right answer. */
  readonly answerMs: number[];
}

/** Starts and stops each server in turn. `answers` are the right answers. A new object has no answer. */
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
