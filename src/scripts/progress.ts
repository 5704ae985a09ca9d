/** The states of one task as lines with the time each came; in a terminal, the last one counts on while it lasts. */
export interface Progress {
  show(state: string): void;
  /** Nothing more comes. */
  end(): void;
}

const TICK_MS = 100;
const FRAMES = ['|', '/', '-', '\\'];

/** `out`: where it is written; a pipe or a file gets the lines alone. */
export function createProgress(out: NodeJS.WriteStream): Progress {
  const startedMs = Date.now();
  let state: string | null = null;
  let ticks = 0;

  function seconds(): string {
    return `${((Date.now() - startedMs) / 1000).toFixed(1).padStart(5)} s`;
  }

  function tick(): void {
    if (state === null) return;
    ticks += 1;
    out.write(`\r  ${FRAMES[ticks % FRAMES.length]} ${seconds()}  ${state} ...`);
  }

  const timer = out.isTTY ? setInterval(tick, TICK_MS) : null;
  function clear(): void {
    if (out.isTTY) out.write('\r\u001b[2K');
  }

  return {
    show(next) {
      clear();
      if (next !== state) out.write(`    ${seconds()}  ${next}\n`);
      state = next;
    },
    end() {
      if (timer !== null) clearInterval(timer);
      clear();
    },
  };
}
