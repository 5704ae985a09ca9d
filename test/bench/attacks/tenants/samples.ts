import { setTimeout as wait } from 'node:timers/promises';

/** What tenant B does, and waits for. */
export type Kind = 'query' | 'mutation' | 'event by WebSocket' | 'event by SSE' | 'new socket';

export interface Recorded {
  /** How long each took, in milliseconds. One that was never answered counts with the time it has waited. */
  readonly ms: ReadonlyMap<Kind, readonly number[]>;
  /** Requests that had no answer when the recording ended. */
  readonly unanswered: number;
  /** Answers that were not what they have to be, the first few. */
  readonly problems: readonly string[];
}

/** Times what is under way at once, of all kinds. */
export interface Recorder {
  /** Starts a sample. The result ends it: without an argument when it was served, else with what went wrong. */
  start(kind: Kind): (problem?: string) => void;
  problem(text: string): void;
  /** Waits until nothing is under way, at most `maxMs`, and answers with all samples since the last call. */
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
        // What ends after `take` has been counted there.
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
