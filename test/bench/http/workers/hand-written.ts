import { askKling, type RelayEnv } from './ask-kling.ts';
import { readFanOut } from './by-hand.ts';

/** The baseline of the fan-out query: its calls of Kling and its answer. */
export default {
  async fetch(_request, env): Promise<Response> {
    const data = await readFanOut(async (path) => (await askKling(env, path)).json());
    return Response.json({ data });
  },
} satisfies ExportedHandler<RelayEnv>;
