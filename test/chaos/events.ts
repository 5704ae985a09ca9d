import { sendOperation } from '../node/send-operation.ts';

/** One change, as a client receives it. */
export interface ReadEvent {
  readonly seq: number;
  /** The gateway's own id, not the global one. */
  readonly taskId: string;
  readonly kind: 'VOICE' | 'LIP_SYNC';
  readonly status: string;
  readonly cursor: string;
}

interface EventsPage {
  readonly events: {
    readonly edges: readonly {
      readonly node: { readonly seq: number; readonly cursor: string; readonly task: { id: string; status: string } };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const PAGE = `query ($after: String) {
  events: taskUpdates(first: 100, after: $after) { edges { node { seq: sequence cursor task { id status } } } pageInfo { hasNextPage endCursor } }
}`;

/** The most pages of 100 events. No round has more events. */
const PAGES_MAX = 1_000;

/** Reads the whole log of changes, page by page. */
export async function readEvents(gatewayUrl: string): Promise<readonly ReadEvent[]> {
  const events: ReadEvent[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const sent = await sendOperation(gatewayUrl, { query: PAGE, variables: { after } }, null);
    if (!('answer' in sent) || sent.answer.errors !== undefined) throw new Error(`no events: ${JSON.stringify(sent)}`);
    const { edges, pageInfo }: EventsPage['events'] = (sent.answer.data as EventsPage).events;
    for (const { node } of edges) events.push(toReadEvent(node));
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  return events;
}

function toReadEvent({ seq, cursor, task }: EventsPage['events']['edges'][number]['node']): ReadEvent {
  const isVoice = Buffer.from(task.id, 'base64url').toString().startsWith('VoiceTask:');
  return { seq, taskId: localId(task.id), kind: isVoice ? 'VOICE' : 'LIP_SYNC', status: task.status, cursor };
}

/** Decodes the gateway's own id from a global one. */
export function localId(globalId: string): string {
  return Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? '';
}
