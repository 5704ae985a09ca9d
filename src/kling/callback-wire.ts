import type { TaskSnapshot } from '../domain/task.ts';
import { parseJsonKeepingLongIntegers } from '../lib/json-integers.ts';
import { isRecord } from './decode.ts';
import { isV1Task, taskIdOf, toTaskSnapshot } from './task-wire.ts';

/**
 * What a callback says of a task. A hint: it may be forged, late or repeated, and may lack results (Kling documents only
 * images and videos), so the task is read before anything is believed. `klingRequestId` is always null.
 */
export interface CallbackHint extends TaskSnapshot {
  /** `V1`: the bare task record of the tasks that this gateway makes. `NEWER`: what the console's Test Callback sends. */
  readonly shape: 'V1' | 'NEWER';
}

/** The body as JSON, its long ids whole. Null when it is not JSON. To be used instead of `JSON.parse`. */
export function parseCallbackBody(body: string): unknown {
  try {
    return parseJsonKeepingLongIntegers(body);
  } catch {
    return null;
  }
}

/** Reads the body of a callback, parsed. Null when it names no task. Source: Kling docs, "Callback Protocol", 2026-09. */
export function parseCallback(json: unknown): CallbackHint | null {
  if (!isRecord(json) || taskIdOf(json) === null) return null;
  return { ...toTaskSnapshot(json, null), shape: isV1Task(json) ? 'V1' : 'NEWER' };
}
