/** How often, of a thousand, a value is a promise, and how often it is not what it should be. */
export interface Mood {
  readonly promises: number;
  readonly troubles: number;
}

/** What the resolvers of one execution go by. Getters have no context: so it is one at a time. */
interface World {
  readonly mood: Mood;
  /** What was called or read, in order. */
  readonly log: string[];
}

let world: World = { mood: { promises: 0, troubles: 0 }, log: [] };

/** Begins an execution: its log is filled from here on. */
export function startWorld(mood: Mood): readonly string[] {
  world = { mood, log: [] };
  return world.log;
}

export function currentMood(): Mood {
  return world.mood;
}

export function note(text: string): void {
  world.log.push(text);
}
