/** The part of Kling's records that the peers' schema shows. */

/** Calls Kling. Returns its whole JSON. */
export interface AskKling {
  get<T>(path: string): Promise<Answer<T>>;
  post<T>(path: string, body: object): Promise<Answer<T>>;
}

export interface Answer<T> {
  readonly data: T;
}

export interface KlingTask {
  readonly task_id: string;
  readonly task_status: string;
  readonly task_status_msg?: string;
  readonly created_at?: number;
  readonly updated_at?: number;
  readonly final_unit_deduction?: string;
  readonly task_info?: {
    readonly external_task_id?: string;
    readonly parent_video?: KlingVideo;
  };
  readonly task_result?: {
    readonly videos?: readonly KlingVideo[];
    readonly voices?: readonly KlingVoice[];
    readonly audios?: readonly KlingVideo[];
  };
}

export interface KlingVideo {
  readonly id: string;
  readonly url: string;
  readonly duration: string;
}

export interface KlingVoice {
  readonly voice_id: string;
  readonly voice_name: string;
  readonly trial_url: string;
  readonly owned_by: string;
}

export interface KlingPack {
  readonly resource_pack_id: string;
  readonly resource_pack_name: string;
  readonly remaining_quantity: number;
  readonly invalid_time: number;
  readonly status: string;
}

export interface SpeechInput {
  readonly text: string;
  readonly klingVoiceId: string;
  readonly language: 'EN' | 'ZH';
  readonly speed?: number | null;
}

const DAY_MS = 24 * 3_600_000;

export type List = 'lip-syncs' | 'voices' | 'presets';

const PATHS: Readonly<Record<List, string>> = {
  'lip-syncs': '/v1/videos/advanced-lip-sync',
  voices: '/v1/general/custom-voices',
  presets: '/v1/general/presets-voices',
};

export async function readList(
  kling: AskKling,
  list: List,
  page: number,
  pageSize: number,
): Promise<readonly KlingTask[]> {
  const { data } = await kling.get<readonly KlingTask[]>(`${PATHS[list]}?pageNum=${page}&pageSize=${pageSize}`);
  return data;
}

export async function readPacks(kling: AskKling): Promise<readonly KlingPack[]> {
  const now = Date.now();
  const { data } = await kling.get<{ readonly resource_pack_subscribe_infos: readonly KlingPack[] }>(
    `/account/costs?start_time=${now - 365 * DAY_MS}&end_time=${now}`,
  );
  return data.resource_pack_subscribe_infos;
}

export async function speak(kling: AskKling, { text, klingVoiceId, language, speed }: SpeechInput): Promise<KlingTask> {
  const { data } = await kling.post<KlingTask>('/v1/audio/tts', {
    text,
    voice_id: klingVoiceId,
    voice_language: language.toLowerCase(),
    voice_speed: speed ?? 1,
  });
  return data;
}

export function voicesOf({ task_result: result }: KlingTask): readonly KlingVoice[] {
  return result?.voices ?? [];
}

export function toMs(seconds: string): number {
  return Math.round(Number(seconds) * 1_000);
}

export function toOwner({ owned_by: owner }: KlingVoice): string {
  return owner === 'kling' ? 'KLING' : 'ACCOUNT';
}

/** Creates a client of Kling that uses `fetch`. */
export function createAskKling(baseUrl: string, apiKey: string): AskKling {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };

  async function ask<T>(path: string, init?: { readonly method: string; readonly body: string }): Promise<Answer<T>> {
    const response = await fetch(baseUrl + path, { headers, ...init });
    if (!response.ok) throw new Error(`Kling answered ${response.status}`);
    return (await response.json()) as Answer<T>;
  }

  return {
    get: (path) => ask(path),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}
