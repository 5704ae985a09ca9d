import { describe, it } from 'vitest';
import { createObjectAlarm, earliest } from '../../src/lib/durable-object.ts';

/** An alarm, and the instants that were written to the storage. */
function start() {
  const written: unknown[] = [];
  const storage = { setAlarm: async (atMs: number | Date) => void written.push(atMs) };
  return { written, alarm: createObjectAlarm(storage) };
}

describe('the alarm of an object', () => {
  it('is written once for the same instant', ({ expect }) => {
    const { written, alarm } = start();
    alarm.set(5);
    alarm.set(5);
    expect(written).toEqual([5]);
  });

  it('is set to a later instant only by set', ({ expect }) => {
    const { written, alarm } = start();
    alarm.set(5);
    alarm.setNoLaterThan(6);
    alarm.setNoLaterThan(4);
    alarm.set(7);
    expect(written).toEqual([5, 4, 7]);
  });

  it('is not set to infinity', ({ expect }) => {
    const { written, alarm } = start();
    alarm.setNoLaterThan(Infinity);
    expect(written).toEqual([]);
  });

  it('is written again after it has fired', ({ expect }) => {
    const { written, alarm } = start();
    alarm.setNoLaterThan(5);
    alarm.fired();
    alarm.setNoLaterThan(6);
    expect(written).toEqual([5, 6]);
  });
});

describe('the earliest instant', () => {
  it.for([
    [[3, null, 2], 2],
    [[null, null], null],
    [[], null],
  ] as const)('of %j is %s', ([instants, expected], { expect }) => {
    expect(earliest(instants)).toBe(expected);
  });
});
