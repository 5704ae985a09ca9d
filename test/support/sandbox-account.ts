/** One task as the sandbox has it. Units as a decimal; 0 once it has failed. */
export interface SandboxTask {
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: string;
  readonly status: string;
  readonly units: number;
}

/** What the sandbox says of one of its accounts, see `src/sandbox/README.md`. */
export interface SandboxRecord {
  readonly requestCount: number;
  readonly requests: readonly {
    readonly at: number;
    readonly requestId: string;
    readonly method: string;
    readonly path: string;
    readonly code: number | null;
  }[];
  readonly requestsByRoute: Readonly<Record<string, number>>;
  /** By the code of the answer, `none` where it was no envelope. */
  readonly requestsByCode: Readonly<Record<string, number>>;
  readonly tasks: readonly SandboxTask[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** The control endpoints of one account. */
export interface SandboxAccount {
  record(): Promise<SandboxRecord>;
  /** Throws with the sandbox's own words when it does not take them. */
  configure(settings: object): Promise<void>;
  /** Moves a task now, named by Kling's id or the external id. */
  advance(id: string, status: 'processing' | 'succeed' | 'failed'): Promise<void>;
}

/** `key`: an AccessKey of the sandbox; whatever nobody has used yet is an account of its own. */
export function createSandboxAccount(sandboxUrl: string, key: string): SandboxAccount {
  const account = `${sandboxUrl}/sandbox/accounts/${key}`;

  return {
    async record() {
      const response = await fetch(`${account}/record`);
      if (!response.ok) throw new Error(`the sandbox answers ${response.status}: ${await response.text()}`);
      return (await response.json()) as SandboxRecord;
    },

    async configure(settings) {
      const response = await fetch(`${account}/settings`, { method: 'PUT', body: JSON.stringify(settings) });
      if (!response.ok) throw new Error(`the sandbox answers ${response.status}: ${await response.text()}`);
      await response.body?.cancel();
    },

    async advance(id, status) {
      const response = await fetch(`${account}/tasks/${encodeURIComponent(id)}/advance`, {
        method: 'POST',
        body: JSON.stringify({ status }),
      });
      if (!response.ok) throw new Error(`the sandbox answers ${response.status}: ${await response.text()}`);
      await response.body?.cancel();
    },
  };
}
