/**
 * The peer, in its own process: Node, graphql-yoga and graphql-ws, combined as in Yoga's documentation, with the gateway's
 * schema. It has no tokens, no filter, no log on disk and no pings.
 */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import type { ExecutionArgs } from 'graphql';
import { WebSocketServer } from 'ws';
import { encodeGlobalId } from '../../../src/schema/builder.ts';
import { readBody, serve } from './child.ts';
import type { PeerTask } from './sides.ts';
import { toExpectedEvent } from './subscription.ts';

type Event = ReturnType<typeof toExpectedEvent>;

/** Kling's record of a voice task. */
interface KlingRecord {
  readonly task_status: string;
  readonly final_unit_deduction: string;
  readonly updated_at: number;
  readonly task_result: { readonly voices: readonly Readonly<Record<string, string>>[] };
}

const [klingUrl = ''] = process.argv.slice(2);
const RETENTION_MS = 30 * 24 * 3_600_000;
const pubSub = createPubSub<{ taskUpdates: [Event] }>();
let sequence = 0;

const yoga = createYoga({
  logging: false,
  graphiql: false,
  schema: createSchema({
    typeDefs: readFileSync(join(import.meta.dirname, '../../../schema.graphql'), 'utf8'),
    resolvers: {
      Subscription: {
        taskUpdates: { subscribe: () => pubSub.subscribe('taskUpdates'), resolve: (event: Event) => event },
      },
    },
  }),
});

/** Reads the ended task at Kling, and publishes the event. */
async function takeCallback(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { task_id: klingTaskId, task_info: info } = JSON.parse(await readBody(request)) as PeerTask;
  const answer = await fetch(`${klingUrl}/v1/general/custom-voices/${klingTaskId}`);
  const { data } = (await answer.json()) as { data: KlingRecord };
  sequence += 1;
  const cursor = Buffer.from(`event-default.${sequence}`).toString('base64url');
  const event = toExpectedEvent(cursor, encodeGlobalId('VoiceTask', info.external_task_id));
  pubSub.publish('taskUpdates', {
    ...event,
    task: {
      ...event.task,
      updatedAt: new Date(data.updated_at).toISOString(),
      expiresAt: new Date(data.updated_at + RETENTION_MS).toISOString(),
      unitsCharged: data.final_unit_deduction,
      kling: { klingStatus: data.task_status },
      voices: data.task_result.voices.map((voice) => {
        return {
          klingVoiceId: voice['voice_id'] ?? '',
          name: voice['voice_name'] ?? '',
          sampleUrl: voice['trial_url'] ?? '',
          owner: 'ACCOUNT',
        };
      }) as unknown as Event['task']['voices'],
    },
  });
  response.writeHead(204).end();
}

/** Yoga's enveloped functions. graphql-ws gets its `execute` and `subscribe`. */
type Enveloped = ReturnType<typeof yoga.getEnveloped>;
type RootValue = Pick<Enveloped, 'execute' | 'subscribe'>;

const server = createServer((request, response) => {
  void (request.url?.startsWith('/callbacks/') === true ? takeCallback(request, response) : yoga(request, response));
});
useServer(
  {
    execute: (args) => (args as ExecutionArgs & { rootValue: RootValue }).rootValue.execute(args),
    subscribe: (args) => (args as ExecutionArgs & { rootValue: RootValue }).rootValue.subscribe(args),
    async onSubscribe(context, _id, params) {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  new WebSocketServer({ server, path: yoga.graphqlEndpoint }),
  0,
);
serve(server);
