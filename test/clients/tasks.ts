import { randomUUID } from 'node:crypto';
import type { TestContext } from 'vitest';
import type { RunningGateway } from '../node/gateway.ts';
import { CREATE_VOICE, VOICE_TASK } from '../node/operations.ts';
import type { WatchedEvent } from './watchers.ts';

/** Creates a task and returns its id. `words` are scenario words of the sandbox. */
export async function makeTask(gateway: RunningGateway, words = 'ok'): Promise<string> {
  const sample = { url: `https://example.com/${randomUUID()}-sandbox-${words}-12s.mp3` };
  const { data, errors } = await gateway.execute(CREATE_VOICE, { input: { name: 'Watched', sample } });
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.createVoiceTask.id as string;
}

/** Reads the status of a task. The gateway reads the task at Kling for it, so this also lets the task progress. */
export async function statusOf(gateway: RunningGateway, id: string): Promise<string> {
  return (await gateway.execute(VOICE_TASK, { id })).data.task.status as string;
}

const LOG = `query ($after: String) {
  events: taskUpdates(first: 100, after: $after) { edges { node { cursor sequence task { id status } } } pageInfo { hasNextPage } }
}`;

/** Moves a task at Kling by hand, and waits until the gateway has the status. */
export async function advanceTask(
  { expect }: TestContext,
  gateway: RunningGateway,
  id: string,
  status: 'processing' | 'succeed',
): Promise<void> {
  const { data } = await gateway.execute(VOICE_TASK, { id });
  await gateway.account.advance(data.task.kling.klingTaskId as string, status);
  await expect.poll(() => statusOf(gateway, id)).toBe(status === 'succeed' ? 'SUCCEEDED' : 'PROCESSING');
}

/** Reads the events in the gateway's log after a cursor: exactly those that a subscriber must have received. */
export async function logAfter(gateway: RunningGateway, after: string): Promise<readonly WatchedEvent[]> {
  const { data } = await gateway.execute(LOG, { after });
  const { edges, pageInfo } = data.events as {
    edges: { node: WatchedEvent }[];
    pageInfo: { hasNextPage: boolean };
  };
  if (pageInfo.hasNextPage) throw new Error('more happened than one page holds');
  return edges.map(({ node }) => node);
}
