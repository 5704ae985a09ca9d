import type { TaskSnapshot } from '../domain/task.ts';
import { parseJsonKeepingLongIntegers } from '../lib/json-integers.ts';
import { isRecord } from './decode.ts';
import { isV1Task, taskIdOf, toTaskSnapshot } from './task-wire.ts';

/**
 * The state of a task as a callback reports it. It is a hint: a callback may be forged, late, repeated or without results,
 * so the task is read at Kling before it ends. `klingRequestId` is always null.
 */
export interface CallbackHint extends TaskSnapshot {
  /** `V1`: the record of a task of this gateway. `NEWER`: the record that the console's Test Callback sends. */
  readonly shape: 'V1' | 'NEWER';
}

/** Parses the body as JSON without losing digits of long ids. Returns null if it is not JSON. */
export function parseCallbackBody(body: string): unknown {
  try {
    return parseJsonKeepingLongIntegers(body);
  } catch {
    return null;
  }
}

/** Reads a parsed callback. Returns null if it names no task. Source: Kling docs, "Callback Protocol", 2026-09. */
export function parseCallback(json: unknown): CallbackHint | null {
  if (!isRecord(json) || taskIdOf(json) === null) return null;
  return { ...toTaskSnapshot(json, null), shape: isV1Task(json) ? 'V1' : 'NEWER' };
}
