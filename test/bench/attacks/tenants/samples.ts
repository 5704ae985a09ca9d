import { setTimeout as wait } from 'node:timers/promises';

/** The kinds of measured actions of tenant B. */
export type Kind = 'query' | 'mutation' | 'event by WebSocket' | 'event by SSE' | 'new socket';

export interface Recorded {
  /** The latency of each action, in milliseconds. An unanswered action counts with its waiting time. */
  readonly ms: ReadonlyMap<Kind, readonly number[]>;
  /** The number of actions without an answer at the end of the recording. */
  readonly unanswered: number;
  /** The first few wrong answers. */
  readonly problems: readonly string[];
}

/** Measures concurrent actions of all kinds. */
export interface Recorder {
  /** Starts a sample. Call the returned function at its end, with a problem if it failed. */
  start(kind: Kind): (problem?: string) => void;
  problem(text: string): void;
  /** Waits up to `maxMs` until no action is under way. Returns all samples since the last call. */
  take(maxMs: number): Promise<Recorded>;
}

const PROBLEMS_MAX = 5;

export function createRecorder(): Recorder {
  let ms = new Map<Kind, number[]>();
  let problems: string[] = [];
  const underWay = new Map<object, { readonly kind: Kind; readonly atMs: number }>();

  function problem(text: string): void {
    if (problems.length < PROBLEMS_MAX && !problems.includes(text)) problems.push(text);
  }

  function add(kind: Kind, atMs: number): void {
    const values = ms.get(kind) ?? [];
    values.push(performance.now() - atMs);
    ms.set(kind, values);
  }

  return {
    problem,
    start(kind) {
      const sample = {};
      const atMs = performance.now();
      underWay.set(sample, { kind, atMs });
      return (text) => {
        // `take` has already counted actions that end after it.
        if (!underWay.delete(sample)) return;
        add(kind, atMs);
        if (text !== undefined) problem(`${kind}: ${text}`);
      };
    },
    async take(maxMs) {
      const untilMs = performance.now() + maxMs;
      while (underWay.size > 0 && performance.now() < untilMs) await wait(20);
      const unanswered = underWay.size;
      for (const { kind, atMs } of underWay.values()) add(kind, atMs);
      underWay.clear();
      const recorded = { ms, unanswered, problems };
      ms = new Map();
      problems = [];
      return recorded;
    },
  };
}
