/**
 * Faults that a gateway could have, as patches of its sources. They test the checks of a chaos run:
 * `npm run chaos -- --plant N` builds the gateway with one of them and must fail.
 */

/** A text that occurs exactly once in a file, and its replacement. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One fault. */
export interface Plant {
  readonly fault: string;
  readonly patches: readonly [Patch, ...Patch[]];
}

/** The faults by the number for `--plant`. */
export const PLANTS: ReadonlyMap<number, Plant> = new Map([
  [
    1,
    {
      fault: 'a create of unknown outcome is sent again without settling and a second look-up',
      patches: [
        { file: 'src/ledger/schedule.ts', find: 'const SETTLE_MS = 2_000;', replace: 'const SETTLE_MS = 1;' },
        { file: 'src/ledger/schedule.ts', find: 'const MISSING_LOOKUPS = 2;', replace: 'const MISSING_LOOKUPS = 1;' },
      ],
    },
  ],
  [
    2,
    {
      fault: 'a callback is acknowledged before it is stored',
      patches: [
        {
          file: 'src/http/callback.ts',
          find: 'await deps.ingest(subject, parseCallback(json));',
          replace: '(deps.ingest(subject, parseCallback(json)).catch(() => {}), 0);',
        },
      ],
    },
  ],
  [
    3,
    {
      fault: 'changes are pushed and not owed: what dies before its push is never pushed',
      patches: [{ file: 'src/ledger/outbox.ts', find: 'shards.owe(now() + GUARD_MS)', replace: 'undefined' }],
    },
  ],
  [
    4,
    {
      fault: 'a slot is given back when its task has been sent, not when it has ended',
      patches: [
        {
          file: 'src/ledger/sender.ts',
          find: 'slots.accepted(taskId);',
          replace: 'slots.accepted(taskId); background(() => slots.release(taskId));',
        },
      ],
    },
  ],
  [
    5,
    {
      fault: "an event is written after its state's transaction",
      patches: [
        {
          file: 'src/ledger/journal.ts',
          find: 'announce(applied.record)',
          replace: `void setTimeout(() => {
            transaction(() => announce(applied.record));
            committed();
          }, 0)`,
        },
      ],
    },
  ],
  [
    6,
    {
      fault: 'a hub passes on what it is pushed, though it has passed it on already',
      patches: [
        {
          file: 'src/hub/fan-out.ts',
          find: 'if (event.seq > (store.appliedSeq(tenant) ?? prev)) await apply(tenant, event);',
          replace: 'await apply(tenant, event);',
        },
        { file: 'src/hub/fan-out.ts', find: 'member.floorSeq = event.seq;', replace: '' },
      ],
    },
  ],
  [
    7,
    {
      fault: 'a webhook whose receiver answers with an error counts as delivered',
      patches: [
        { file: 'src/webhooks/queue.ts', find: 'responseStatus >= 200 && responseStatus < 300', replace: 'true' },
      ],
    },
  ],
  [
    8,
    {
      fault: 'a scan or a speech is asked for once more if its answer is lost',
      patches: [
        {
          file: 'src/ledger/paid-calls.ts',
          find: 'if (before !== null) throw lost(key);',
          replace: 'if (before !== null) paidCalls.remove(before.id);',
        },
        {
          file: 'src/ledger/stages.ts',
          find: '!charge.isAnswered) return close(',
          replace: '!charge.isAnswered) return row.tries === 0 ? putOff(row, 100) : close(',
        },
      ],
    },
  ],
]);

/** Applies a patch. Throws if the text does not occur exactly once, because the sources have changed. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}
