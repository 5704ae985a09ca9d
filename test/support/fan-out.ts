import type { LiveEvent } from '../../src/domain/live.ts';
import type { TaskStatus } from '../../src/domain/task.ts';
import type { VoiceTask } from '../../src/domain/records.ts';
import { createFanOut, type FanOut } from '../../src/hub/fan-out.ts';
import { createGroups, type Groups } from '../../src/hub/groups.ts';
import type { Operations } from '../../src/hub/operations.ts';
import type { RegistrationStore } from '../../src/hub/registration-store.ts';
import { createUnread, type Unread } from '../../src/hub/unread.ts';
import { VIEWER } from './viewer.ts';

export const TENANT = 'tenant-a';

/** A socket that keeps what it is sent. */
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

  /** The payloads that operation `id` was told. */
  told(id: string): readonly unknown[] {
    const messages = this.sent.map((message) => JSON.parse(message));
    return messages.filter((message) => message.id === id && message.type === 'next').map(({ payload }) => payload);
  }

  asSocket(): WebSocket {
    return this as unknown as WebSocket;
  }
}

export function liveEvent(seq: number, status: TaskStatus = 'PROCESSING', taskId = 'task-1'): LiveEvent {
  const record: VoiceTask = {
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
  return { seq, cursor: `cursor-${seq}`, atMs: seq, record };
}

/** What a hub keeps, in memory. */
export function fakeStore(): RegistrationStore {
  const applied = new Map<string, number>();
  const kept = new Set<string>();
  const store = {
    put({ socketId, id }: { readonly socketId: string; readonly id: string }) {
      if (kept.has(`${socketId} ${id}`)) throw new Error('UNIQUE constraint failed');
      kept.add(`${socketId} ${id}`);
    },
    remove: (socketId: string, id: string) => void kept.delete(`${socketId} ${id}`),
    removeSocket: (socketId: string) => {
      for (const key of kept) if (key.startsWith(`${socketId} `)) kept.delete(key);
    },
    appliedSeq: (tenant: string) => applied.get(tenant) ?? null,
    setApplied: (tenant: string, seq: number) => void applied.set(tenant, seq),
    forgetTenant: (tenant: string) => void applied.delete(tenant),
  };
  return store as unknown as RegistrationStore;
}

export interface HubParts {
  readonly groups: Groups;
  readonly store: RegistrationStore;
  readonly fanOut: FanOut;
  readonly unread: Unread;
}

const ATTACHMENT = {
  socketId: 'socket',
  viewer: { ...VIEWER, tenant: TENANT },
  isStream: false,
  origin: 'https://gateway.test',
  openedAtMs: 0,
};

export function createHubParts(operations: Operations): HubParts {
  const groups = createGroups();
  const store = fakeStore();
  const unread = createUnread(() => 0);
  const fanOut = createFanOut({
    groups,
    operations,
    store,
    unread,
    log: () => {},
    isExpired: () => false,
    attachmentOf: () => ATTACHMENT,
  });
  return { groups, store, fanOut, unread };
}
