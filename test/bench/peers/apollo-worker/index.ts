/** Apollo Server on Workers, with its own adapter. */

import { ApolloServer } from '@apollo/server';
import { startServerAndCreateCloudflareWorkersHandler } from '@as-integrations/cloudflare-workers';
import { createAskKling } from '../kling.ts';
import { RESOLVERS, TYPES, type Context } from '../schema.ts';

interface Bindings {
  readonly KLING_BASE_URL: string;
  readonly KLING_API_KEY: string;
}

type Handler = (request: Request, env: Bindings, ctx: object) => Promise<Response>;

let handler: Handler | null = null;

/** Creates the handler at the first request, because a Worker may not start I/O before. */
function createHandler({ KLING_BASE_URL, KLING_API_KEY }: Bindings): Handler {
  const kling = createAskKling(KLING_BASE_URL, KLING_API_KEY);
  const server = new ApolloServer<Context>({ typeDefs: TYPES, resolvers: RESOLVERS });
  return startServerAndCreateCloudflareWorkersHandler(server as never, { context: async () => ({ kling }) }) as Handler;
}

export default {
  async fetch(request: Request, env: Bindings, ctx: object): Promise<Response> {
    handler ??= createHandler(env);
    return handler(request, env, ctx);
  },
};
