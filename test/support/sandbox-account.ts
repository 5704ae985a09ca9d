/** The control endpoints of one account at the sandbox. Each throws with the sandbox's answer if it is refused. */
export interface SandboxAccount {
  record(): Promise<SandboxRecord>;
  configure(settings: object): Promise<void>;
  /** Moves a task now. `id` is Kling's id or the external id. */
  advance(id: string, status: 'processing' | 'succeed' | 'failed'): Promise<void>;
}

/** One task in the record. `units` is 0 if the task has failed. */
export interface SandboxTask {
  readonly taskId: string;
  readonly externalTaskId: string | null;
  readonly kind: string;
  readonly status: string;
  readonly units: number;
}

/** A scan or a speech that was asked for. `source` is the URL or the id of the video, or the text. */
export interface SandboxPaidCall {
  readonly at: number;
  readonly path: string;
  readonly source: string | null;
  /** Null if the answer was no whole envelope, or never came. */
  readonly code: number | null;
  /** Whether it was carried out, and so charged. */
  readonly isMade: boolean;
}

/** The record of one account, see `src/sandbox/README.md`. */
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
  /** By the code of the answer: `none` if it was no envelope. */
  readonly requestsByCode: Readonly<Record<string, number>>;
  readonly tasks: readonly SandboxTask[];
  readonly paidCalls: readonly SandboxPaidCall[];
  readonly inFlightMax: number;
  readonly unitsCharged: number;
}

/** Opens an account at the sandbox. `key` is its AccessKey. A key that was never used is a new account. */
export function createSandboxAccount(sandboxUrl: string, key: string): SandboxAccount {
  async function control(method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(`${sandboxUrl}/sandbox/accounts/${key}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the sandbox answers ${response.status}: ${await response.text()}`);
    return response;
  }

  return {
    async record() {
      return (await (await control('GET', '/record')).json()) as SandboxRecord;
    },
    async configure(settings) {
      await (await control('PUT', '/settings', settings)).body?.cancel();
    },
    async advance(id, status) {
      await (await control('POST', `/tasks/${encodeURIComponent(id)}/advance`, { status })).body?.cancel();
    },
  };
}
