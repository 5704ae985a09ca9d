import { askKling, type RelayEnv } from './ask-kling.ts';

/** Hands on what Kling answers, unread. */
export default {
  async fetch(request, env): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const answer = await askKling(env, pathname + search, request);
    return new Response(answer.body, answer);
  },
} satisfies ExportedHandler<RelayEnv>;
