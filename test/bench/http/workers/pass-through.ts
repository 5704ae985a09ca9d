import { askKling, type RelayEnv } from './ask-kling.ts';

/** Forwards Kling's answer without parsing it. */
export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const answer = await askKling(env, pathname + search, request);
    return new Response(answer.body, answer);
  },
} satisfies ExportedHandler<RelayEnv>;
