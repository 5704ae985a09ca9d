import type { GatewayContext, Ledger } from '../../src/domain/ports.ts';
import type { TaskChange } from '../../src/domain/records.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import type { VoiceTask } from '../../src/domain/records.ts';
import { createFanOut, type FanOut, type FanOutDeps } from '../../src/hub/fan-out.ts';
import { createGroups, type Groups, type RegistrationStore } from '../../src/hub/registrations.ts';
import type { WatchLimits } from '../../src/config/index.ts';
import { createWatchUsage, type WatchUsage, type Operations, type OperationText } from '../../src/hub/operations.ts';
import { createSharedReads } from '../../src/hub/catch-up.ts';
import { createTurns, type Turns, createUnread, type Unread } from '../../src/hub/back-pressure.ts';
import type { Log } from '../../src/lib/log.ts';
import { sleep } from '../../src/lib/time.ts';
import { VIEWER } from './viewer.ts';

export const TENANT = 'tenant-a';

/** A fake socket that records its messages. */
export class FakeSocket {
  readonly sent: string[] = [];
  readyState: number = WebSocket.OPEN;
  closedWith: number | null = null;

  send(message: string): void {
    if (this.readyState !== WebSocket.OPEN) throw new Error('not open');
    this.sent.push(message);
  }

  close(code: number): void {
    this.closedWith = code;
    this.readyState = WebSocket.CLOSING;
  }

  /** Returns the payloads that were sent for operation `id`. */
  told(id: string): readonly unknown[] {
    const messages = this.sent.map((message) => JSON.parse(message));
    return messages.filter((message) => message.id === id && message.type === 'next').map(({ payload }) => payload);
  }

  asSocket(): WebSocket {
    return this as unknown as WebSocket;
  }
}

export function taskChange(seq: number, status: TaskStatus = 'PROCESSING', taskId = 'task-1'): TaskChange {
  const task: VoiceTask = {
    kind: 'VOICE',
    id: taskId,
    externalId: null,
    klingTaskId: `kling-${taskId}`,
    status,
    klingStatus: null,
    failure: null,
    createdAtMs: 1,
    updatedAtMs: seq,
    expiresAtMs: null,
    unitsEstimated: null,
    unitsDeducted: null,
    balanceDeducted: null,
    klingRequestId: null,
    voices: [],
  };
  return { seq, cursor: `cursor-${seq}`, atMs: seq, task, resync: false };
}

/** Creates the registrations of a hub in memory. */
export function fakeStore(): RegistrationStore {
  const applied = new Map<string, number>();
  const kept = new Map<string, OperationText>();
  const store = {
    put({ socketId, id }: { readonly socketId: string; readonly id: string }, operation: OperationText) {
      if (kept.has(`${socketId} ${id}`)) throw new Error('UNIQUE constraint failed');
      kept.set(`${socketId} ${id}`, operation);
    },
    operation: (socketId: string, id: string) => kept.get(`${socketId} ${id}`),
    resynced: () => {},
    remove: (socketId: string, id: string) => void kept.delete(`${socketId} ${id}`),
    removeSocket: (socketId: string) => {
      for (const key of kept.keys()) if (key.startsWith(`${socketId} `)) kept.delete(key);
    },
    appliedSeq: (tenant: string) => applied.get(tenant) ?? null,
    setApplied: (tenant: string, seq: number) => void applied.set(tenant, seq),
    forgetTenant: (tenant: string) => void applied.delete(tenant),
  };
  return store as unknown as RegistrationStore;
}

export interface HubParts {
  readonly groups: Groups;
  readonly usage: WatchUsage;
  readonly turns: Turns;
  readonly openReads: FanOutDeps['openReads'];
  readonly contextOf: FanOutDeps['contextOf'];
  readonly store: RegistrationStore;
  readonly fanOut: FanOut;
  readonly unread: Unread;
}

const ATTACHMENT = {
  socketId: 'socket',
  viewer: { ...VIEWER, tenant: TENANT },
  isStream: false,
  requestId: null,
  network: null,
  origin: 'https://gateway.test',
  openedAtMs: 0,
};

export const WATCH_LIMITS: WatchLimits = {
  operationCostMax: 2_500,
  costMax: 25_000,
  operationsMax: 1_000,
  subscriptionsMax: 5_000,
  charsMax: 1_000_000,
};

interface HubOptions {
  /** The ledger that resolvers read. */
  readonly ledger?: Ledger;
  /** Yields to the event loop between two turns. */
  readonly pause?: () => Promise<void>;
  readonly log?: Log;
  readonly isExpired?: () => boolean;
}

const contextOf: FanOutDeps['contextOf'] = (viewer, reads) =>
  ({ requestId: 'r', now: Date.now, viewer, ledger: reads }) as unknown as GatewayContext;

export function createHubParts(
  operations: Operations,
  { ledger, pause = nextTurn, log = () => {}, isExpired = () => false }: HubOptions = {},
): HubParts {
  const usage = createWatchUsage(WATCH_LIMITS);
  const groups = createGroups(({ tenant, key }) => usage.leave(tenant, key));
  const store = fakeStore();
  const unread = createUnread(() => 0, sleep);
  const turns = createTurns(pause);
  const openReads = () =>
    createSharedReads(() => {
      if (ledger === undefined) throw new Error('a read of a ledger that is not there');
      return ledger;
    });
  const fanOut = createFanOut({
    groups,
    operations,
    store,
    unread,
    turns,
    openReads,
    contextOf,
    log,
    isExpired,
    attachmentOf: () => ATTACHMENT,
  });
  return { groups, usage, turns, openReads, contextOf, store, fanOut, unread };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
