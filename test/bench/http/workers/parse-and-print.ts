import { askKling, type RelayEnv } from './ask-kling.ts';

/** Reads what Kling answers as JSON and prints it again: the least that anything has to do that changes it. */
export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const answer = await askKling(env, pathname + search, request);
    return Response.json(await answer.json());
  },
} satisfies ExportedHandler<RelayEnv>;
