/** Mercurius with graphql-jit, on Fastify and Node. */

import fastify from 'fastify';
import mercurius from 'mercurius';
import { createAskKling } from './kling.ts';
import { RESOLVERS, TYPES, type Context } from './schema.ts';
import { KLING_API_KEY, KLING_BASE_URL, PORT } from './settings.ts';

const kling = createAskKling(KLING_BASE_URL, KLING_API_KEY);
const app = fastify();
await app.register(mercurius, {
  schema: TYPES,
  resolvers: RESOLVERS as never,
  // Compiles an operation after this many executions.
  jit: 1,
  context: (): Context => ({ kling }),
});
await app.listen({ port: PORT, host: '127.0.0.1' });
