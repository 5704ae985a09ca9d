/** How many of 1,000 values are promises, and how many are wrong or thrown. */
export interface Mood {
  readonly promises: number;
  readonly troubles: number;
}

/** The state of one execution. It is global, because getters have no context. So executions cannot overlap. */
interface World {
  readonly mood: Mood;
  /** Calls of resolvers and reads of properties, in order. */
  readonly log: string[];
}

let world: World = { mood: { promises: 0, troubles: 0 }, log: [] };

/** Starts an execution, and returns its log, which fills during the execution. */
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
