import { askKling, type RelayEnv } from './ask-kling.ts';
import { readFanOut } from './by-hand.ts';

/** The fan-out query's calls and its answer, and nothing else. */
export default {
  async fetch(_request, env): Promise<Response> {
    const data = await readFanOut(async (path) => (await askKling(env, path)).json());
    return Response.json({ data });
  },
} satisfies ExportedHandler<RelayEnv>;
