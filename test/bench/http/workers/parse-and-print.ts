import { askKling, type RelayEnv } from './ask-kling.ts';

/** Parses Kling's answer as JSON and prints it: the lower limit of a server that changes an answer. */
export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const answer = await askKling(env, pathname + search, request);
    return Response.json(await answer.json());
  },
} satisfies ExportedHandler<RelayEnv>;
