import type { LedgerDeps } from './deps.ts';
import { wantsSlot } from './schedule.ts';
import type { Sender } from './sender.ts';

/**
 * The tasks that wait for a slot. The account calls when the turn of one has come; this is for the calls that are lost.
 * None of them has a wake-up of its own, so that a long queue costs no more than a short one.
 */
export interface Waiting {
  /** Asks the account, if that is due, for all of them in one call. */
  run(): Promise<void>;
  /** The account has a slot for this task. False: the slot is not wanted any more. */
  granted(taskId: string): boolean;
  /** Which of these tasks, which hold slots, still need them. One that does not know of its slot is sent. */
  alive(taskIds: readonly string[]): string[];
}

export function createWaiting({ tasks, claims, slots, now, background, log }: WaitingDeps, sender: Sender): Waiting {
  function send(taskId: string): void {
    background(() => sender.send(taskId, false));
  }

  function alive(taskIds: readonly string[]): string[] {
    const wanting = claims.wantingOf(taskIds);
    for (const { id, isParked } of wanting) if (isParked) send(id);
    return wanting.map(({ id }) => id);
  }

  return {
    async run() {
      const atMs = slots.nextAskAtMs();
      if (atMs === null || now() < atMs) return;
      try {
        const held = await slots.ask(claims);
        const wanted = new Set(alive(held));
        // The word of their end was lost.
        for (const taskId of held) if (!wanted.has(taskId)) background(() => slots.release(taskId));
      } catch (error) {
        log({ level: 'warn', message: 'account not asked', cause: String(error) });
      }
    },
    granted(taskId) {
      const row = tasks.find({ id: taskId });
      if (row?.phase === 'WAITING') send(taskId);
      return row !== null && wantsSlot(row);
    },
    alive,
  };
}

type WaitingDeps = Pick<LedgerDeps, 'tasks' | 'claims' | 'slots' | 'now' | 'background' | 'log'>;
