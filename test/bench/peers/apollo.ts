/** Apollo Server on Node as in its documentation: standalone, with a `RESTDataSource` for Kling. */

import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import type { KeyValueCache } from '@apollo/utils.keyvaluecache';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { Answer, AskKling } from './kling.ts';
import { RESOLVERS, TYPES, type Context } from './schema.ts';
import { KLING_API_KEY, KLING_BASE_URL, PORT } from './settings.ts';

class Kling extends RESTDataSource {
  override baseURL = KLING_BASE_URL;

  override willSendRequest(_path: string, request: { headers: Record<string, string> }): void {
    request.headers['authorization'] = `Bearer ${KLING_API_KEY}`;
  }

  async read<T>(path: string): Promise<Answer<T>> {
    return this.get<Answer<T>>(path);
  }

  async send<T>(path: string, body: object): Promise<Answer<T>> {
    return this.post<Answer<T>>(path, { body });
  }
}

function createKling(cache: KeyValueCache): AskKling {
  const kling = new Kling({ cache });
  return { get: (path) => kling.read(path), post: (path, body) => kling.send(path, body) };
}

const server = new ApolloServer<Context>({ typeDefs: TYPES, resolvers: RESOLVERS });
await startStandaloneServer(server, {
  listen: { port: PORT, host: '127.0.0.1' },
  context: async () => ({ kling: createKling(server.cache) }),
});
