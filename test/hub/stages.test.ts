import { describe, expect, it } from 'vitest';
import type { LipSyncTask } from '../../src/domain/records.ts';
import { encodeGlobalId } from '../../src/schema/builder.ts';
import { changesOf, ledgerOf, openSandbox, slowDown, valueOf } from '../support/ledger.ts';
import { startLipSync, useSockets } from '../support/socket.ts';
import { APOLLO, askStream } from '../support/stream.ts';
import { TENANT } from '../support/token.ts';

const sandbox = openSandbox('hub-stages');
const openSocket = useSockets();

const QUERY = `subscription ($id: ID!, $after: String) {
  taskUpdates(taskId: $id, after: $after) {
    cursor sequence resync at task { status estimatedEndAt ... on LipSyncTask { stage } }
  }
}`;

interface Told {
  readonly cursor: string;
  readonly sequence: number;
  readonly resync: boolean;
  readonly at: string;
  readonly task: { readonly status: string; readonly stage: string; readonly estimatedEndAt: string | null };
}

/** A subscription whose events are read until one matches, or until it completes. */
interface Watch {
  until(isLast: (told: Told) => boolean): Promise<readonly Told[]>;
  rest(): Promise<readonly Told[]>;
  leave(): Promise<void> | void;
}

type Open = (id: string, after: string | null) => Promise<Watch>;

const overSocket: Open = async (id, after) => {
  const socket = await openSocket();
  socket.subscribe('a', QUERY, { id, after });
  async function read(isLast: (told: Told) => boolean): Promise<readonly Told[]> {
    const all: Told[] = [];
    for (let frame = await socket.next(); frame.type === 'next'; frame = await socket.next()) {
      const told = frame.payload!.data!['taskUpdates'] as Told;
      all.push(told);
      if (isLast(told)) break;
    }
    return all;
  }
  return { until: read, rest: () => read(() => false), leave: () => socket.socket.close(1000) };
};

const EVENT = /\{"cursor".*?"task":\{.*?\}\}/;

function eventsIn(text: string): readonly Told[] {
  expect(text).not.toContain('"errors"');
  return [...text.matchAll(new RegExp(EVENT, 'g'))].map(([json]) => JSON.parse(json) as Told);
}

const overStream =
  (accept: string): Open =>
  async (id, after) => {
    const stream = await askStream('POST', accept, { query: QUERY, variables: { id, after } });
    return {
      async until(isLast) {
        const all: Told[] = [];
        while (!all.some(isLast)) all.push(...eventsIn(await stream.until(EVENT)));
        return all;
      },
      rest: async () => eventsIn(await stream.rest()),
      leave: () => stream.leave(),
    };
  };

const TRANSPORTS: readonly (readonly [name: string, open: Open])[] = [
  ['WebSocket', overSocket],
  ['Server-Sent Events', overStream('text/event-stream')],
  ['multipart', overStream(APOLLO)],
];

const shown = ({ task: { status, stage } }: Told) => `${status} ${stage}`;

/** The expected end of a present state is that of the moment of the answer, so it differs. */
function withoutEstimate({ task: { estimatedEndAt: _moment, ...task }, ...told }: Told): object {
  return { ...told, task };
}

/** Returns whether the task is expected to end minutes after the change. Earlier tasks took ten minutes. */
function isEndExpected({ at, task: { estimatedEndAt } }: Told): boolean {
  return estimatedEndAt !== null && Date.parse(estimatedEndAt) - Date.parse(at) > 60_000;
}

describe('the stages of a lip-sync', () => {
  it(
    'arrive on every transport in order, once and with an expected end, also after a reconnect within a stage',
    { timeout: 60_000 },
    async () => {
      await sandbox.configure({ submittedMs: 600_000, processingMs: 600_000 });
      const ledger = ledgerOf(TENANT);
      for (let i = 0; i < 3; i += 1) await (await startLipSync(sandbox)).advance('succeed');
      await slowDown(ledger);
      const first = await startLipSync(sandbox);
      const { id } = valueOf(
        await ledger.createLipSyncTask({
          face: { inVideo: { video: { task: { id: first.id } } } },
          audio: { speech: { text: 'sandbox-slow Good morning, and welcome.', klingVoiceId: 'oversea_male1' } },
        }),
      );
      const globalId = encodeGlobalId('LipSyncTask', id);
      const opened = await Promise.all(
        TRANSPORTS.map(([, open]) => Promise.all([open(globalId, null), open(globalId, null)])),
      );
      const staying = opened.map(([watch]) => watch.rest());
      const broken = opened.map(async ([, watch], i) => {
        const before = await watch.until(({ task }) => task.stage === 'SPEAKING');
        await watch.leave();
        const again = await TRANSPORTS[i]![1](globalId, before.at(-1)!.cursor);
        return [...before, ...(await again.rest())];
      });
      await first.advance('processing');
      await first.advance('succeed');
      await expect.poll(() => sandbox.tasksOf(id), { timeout: 20_000 }).toBe(1);
      await sandbox.advance(id, 'processing');
      await ledger.ingest(id, null);
      await expect.poll(async () => (await ledger.task({ id }))?.status, { timeout: 10_000 }).toBe('PROCESSING');
      await sandbox.advance(id, 'succeed');
      await ledger.ingest(id, null);
      const log = (await Promise.all(staying))[0]!;
      expect(log.map(shown)).toEqual([
        'PREPARING WAITING',
        'PREPARING SCANNING',
        'PREPARING SPEAKING',
        'QUEUED SYNCING',
        'SUBMITTED SYNCING',
        'PROCESSING SYNCING',
        'SUCCEEDED SYNCING',
      ]);
      const stored = (await changesOf(ledger, id)).map(({ seq, task }) => [seq, (task as LipSyncTask).stage]);
      // The subscription begins with the present state, which is that of the first change.
      expect(log.map(({ sequence, task }) => [sequence, task.stage])).toEqual(stored);
      for (const each of [...(await Promise.all(staying)), ...(await Promise.all(broken))]) {
        expect(each.map(withoutEstimate)).toEqual(log.map(withoutEstimate));
        expect(each.filter((told) => !isEndExpected(told)).map(shown)).toEqual(['SUCCEEDED SYNCING']);
      }
    },
  );
});
