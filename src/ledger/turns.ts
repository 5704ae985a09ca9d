/** Runs a few works at once, and the others in the order of their arrival. */
export interface Turns {
  /** Runs the work when its turn comes. Returns null, without running it, if it has left the queue. */
  run<T>(name: string, work: () => Promise<T>): Promise<T | null>;
  /** Takes a work out of the queue. Has no effect on one that runs. */
  leave(name: string): void;
}

interface Waiting {
  readonly name: string;
  readonly go: (isMyTurn: boolean) => void;
}

/** Creates the queue. It is in memory, so its owner must begin again after its death. */
export function createTurns(atOnce: number): Turns {
  let running = 0;
  let queue: Waiting[] = [];

  async function turn(name: string): Promise<boolean> {
    if (running >= atOnce) return new Promise((go) => void queue.push({ name, go }));
    running += 1;
    return true;
  }

  /** The turn passes on, or ends. */
  function end(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next.go(true);
  }

  return {
    async run(name, work) {
      if (!(await turn(name))) return null;
      try {
        return await work();
      } finally {
        end();
      }
    },
    leave(name) {
      const left = queue.filter((waiting) => waiting.name === name);
      queue = queue.filter((waiting) => waiting.name !== name);
      for (const { go } of left) go(false);
    },
  };
}
