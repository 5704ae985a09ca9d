import { runInDurableObject } from 'cloudflare:test';
import { describe, it } from 'vitest';
import { createParts, withParts, type LedgerParts } from '../support/ledger-parts.ts';
import { createVoiceOnce } from '../support/ledger-tasks.ts';
import { ledgerOf } from '../support/ledger.ts';
import { snapshotOf } from '../support/snapshots.ts';

/** Slots that are refused until `gate` opens. */
function closedSlots() {
  const gate = { isOpen: false };
  return { gate, slots: { acquire: async () => ({ granted: gate.isOpen, retryAfterMs: 1000 }) } };
}

/** Creates a voice whose request has about `chars` characters. */
function voiceOf({ creator }: LedgerParts, chars: number, externalId: string | null = null) {
  const url = `https://example.com/${'a'.repeat(chars)}`;
  return creator.createVoiceTask({ name: 'Ann', sample: { url }, externalId });
}

describe('tasks that wait to be sent', () => {
  it('are limited in number, and a repeated create does not count', async ({ expect }) => {
    const { gate, slots } = closedSlots();
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
    await withParts('room by number', { slots, kling, limits: { waitingTasksMax: 2 } }, async (parts) => {
      const { id } = await createVoiceOnce(parts, 'a');
      await createVoiceOnce(parts, 'b');
      expect(await createVoiceOnce(parts, 'c').catch((error: unknown) => error)).toMatchObject({
        failure: {
          code: 'RATE_LIMITED',
          message: expect.stringContaining('its limit of 2 waiting tasks'),
          retryable: true,
          retryAfterMs: expect.any(Number),
        },
      });
      expect((await createVoiceOnce(parts, 'a')).id).toBe(id);
      gate.isOpen = true;
      await parts.sender.send(id, false);
      expect((await createVoiceOnce(parts, 'c')).status).toBe('SUBMITTED');
    });
  });

  it('are limited by the total size of their requests, which shrinks when one is sent or cancelled', async ({
    expect,
  }) => {
    const { gate, slots } = closedSlots();
    const kling = { createVoiceTask: async () => snapshotOf('SUBMITTED') };
    await withParts('room by bytes', { slots, kling, limits: { waitingBytesMax: 2500 } }, async (parts) => {
      const first = await voiceOf(parts, 1000);
      const second = await voiceOf(parts, 1000);
      const held = parts.deps.tasks.waiting();
      expect(held.tasks).toBe(2);
      expect(held.bytes).toBeGreaterThan(2000);
      expect(held.bytes).toBe([first, second].reduce((sum, { id }) => sum + parts.tasks.request(id)!.length, 0));
      expect(await voiceOf(parts, 1000).catch((error: unknown) => error)).toMatchObject({
        failure: {
          code: 'RATE_LIMITED',
          message: expect.stringContaining('at most 2500 are allowed'),
          retryable: true,
        },
      });
      expect((await voiceOf(parts, 10)).status).toBe('QUEUED');
      gate.isOpen = true;
      await parts.sender.send(first.id, false);
      expect(parts.deps.tasks.waiting().tasks).toBe(2);
      gate.isOpen = false;
      const third = await voiceOf(parts, 1000);
      parts.journal.apply(third.id, { type: 'CANCELLED' });
      expect((await voiceOf(parts, 1000)).status).toBe('QUEUED');
    });
  });

  it('are counted without reading ended tasks or requests', async ({ expect }) => {
    await runInDurableObject(ledgerOf('room plan'), async (_instance, { storage }) => {
      const parts = createParts(storage, { slots: closedSlots().slots });
      const exec = storage.sql.exec.bind(storage.sql);
      let rowsRead = 0;
      const insert = `INSERT INTO task (id, kind, status, input_digest, phase, deadline_at, record, milliunits)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        SELECT 'old-' || i, 'VOICE', 'SUCCEEDED', '', 'DONE', 0, '{}', 50 FROM n`;
      exec(insert);
      storage.sql.exec = ((query: string, ...bindings: unknown[]) => {
        const cursor = exec(query, ...bindings);
        const rows = cursor.toArray();
        rowsRead += cursor.rowsRead;
        return { one: () => rows[0], toArray: () => rows, [Symbol.iterator]: () => rows.values() };
      }) as unknown as typeof storage.sql.exec;
      await createVoiceOnce(parts);
      rowsRead = 0;
      expect([parts.deps.tasks.waiting().tasks, parts.deps.tasks.milliunitsPending()]).toEqual([1, 50]);
      expect(rowsRead).toBeLessThan(20);
    });
  });
});
