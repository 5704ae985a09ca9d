import { randomUUID } from 'node:crypto';
import type { RunningGateway } from '../node/gateway.ts';
import { CREATE_VOICE, VOICE_TASK } from '../node/operations.ts';
import type { WatchedEvent } from './watchers.ts';

/** Makes a task; `words` tell the sandbox how it goes. Answers its id. */
export async function makeTask(gateway: RunningGateway, words = 'ok'): Promise<string> {
  const source = { url: `https://example.com/${randomUUID()}-sandbox-${words}-12s.mp3` };
  const { data, errors } = await gateway.execute(CREATE_VOICE, { input: { name: 'Watched', source } });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.createVoice.task.id as string;
}

/** How a task stands. The gateway reads it at Kling for that, so that asking makes it go on. */
export async function statusOf(gateway: RunningGateway, id: string): Promise<string> {
  return (await gateway.execute(VOICE_TASK, { id })).data.voiceTask.status as string;
}

const LOG = `query ($after: String) {
  events(first: 100, after: $after) { edges { node { cursor sequence task { id status } } } pageInfo { hasNextPage } }
}`;

/** What the gateway's log holds behind a cursor: what a subscriber must have been told, and nothing else. */
export async function logBehind(gateway: RunningGateway, after: string): Promise<readonly WatchedEvent[]> {
  const { data } = await gateway.execute(LOG, { after });
  const { edges, pageInfo } = data.events as {
    edges: { node: WatchedEvent }[];
    pageInfo: { hasNextPage: boolean };
  };
  if (pageInfo.hasNextPage) throw new Error('more happened than one page holds');
  return edges.map(({ node }) => node);
}
