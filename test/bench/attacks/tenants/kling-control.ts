import { toRequest } from '../../http/http-client.ts';
import { createHttpPool } from './http-pool.ts';

/** Kling's callback for a change of a task. */
export interface Callback {
  readonly callbackUrl: string;
  readonly body: string;
}

/** The control of the fake Kling. */
export interface KlingControl {
  /** Moves a task to a status of Kling, or to any word, which the gateway shows unchanged. Sends no callback. */
  change(klingTaskId: string, status: string): Promise<Callback>;
  /** Returns how often the task was read by its id. */
  reads(klingTaskId: string): Promise<number>;
  /** Returns the requests of each route, such as `GET /v1/general/presets-voices`. */
  counts(): Promise<Readonly<Record<string, number>>>;
  close(): void;
}

export function createKlingControl(port: number): KlingControl {
  const pool = createHttpPool(port);

  async function ask<T>(path: string): Promise<T> {
    const { status, body } = await pool.ask(toRequest('GET', `/bench/${path}`, ''));
    const text = body.toString();
    if (status !== 200) throw new Error(`the fake Kling answers ${status}: ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    change: (klingTaskId, status) => ask<Callback>(`change?task=${klingTaskId}&status=${status}`),
    reads: async (klingTaskId) => (await ask<{ readonly reads: number }>(`change?task=${klingTaskId}`)).reads,
    counts: () => ask('counts'),
    close: () => pool.close(),
  };
}
