/** The gateway's answers without GraphQL: maps Kling's answers by hand. */

import {
  type Answer,
  type KlingPack,
  type KlingTask,
  type KlingVoice,
  toMs,
  toOwner,
  voicesOf,
} from '../../peers/kling.ts';

/** Reads a path of Kling's API. */
type Ask = <T>(path: string) => Promise<Answer<T>>;

const DAY_MS = 24 * 3_600_000;

/** Reads a page of lip-sync tasks, with the gateway's fields. */
export async function readPage(ask: Ask, page: number, pageSize: number): Promise<object> {
  const { data } = await ask<readonly KlingTask[]>(`/v1/videos/advanced-lip-sync?pageNum=${page}&pageSize=${pageSize}`);
  return { operator: { klingTasks: { page, pageSize, items: data.map(toLipSync) } } };
}

/** Reads a page of preset voices, with the gateway's global ids. */
export async function readVoices(ask: Ask, page: number, pageSize: number): Promise<object> {
  const { data } = await ask<readonly KlingTask[]>(`/v1/general/presets-voices?pageNum=${page}&pageSize=${pageSize}`);
  const items = data.map((task) => ({
    voices: voicesOf(task).map((voice) => ({ id: toGlobalId(`Voice:${voice.voice_id}`), ...toVoice(voice) })),
  }));
  return { operator: { klingTasks: { page, pageSize, items } } };
}

/** Reads the answer of the fan-out query, with four calls of Kling. */
export async function readFanOut(ask: Ask): Promise<object> {
  const now = Date.now();
  const list = (path: string) => ask<readonly KlingTask[]>(`${path}?pageNum=1&pageSize=10`);
  const [lipSyncs, voices, presets, costs] = await Promise.all([
    list('/v1/videos/advanced-lip-sync'),
    list('/v1/general/custom-voices'),
    list('/v1/general/presets-voices'),
    ask<{ readonly resource_pack_subscribe_infos: readonly KlingPack[] }>(
      `/account/costs?start_time=${now - 365 * DAY_MS}&end_time=${now}`,
    ),
  ]);
  const operator = {
    lipSyncs: { items: lipSyncs.data.map(toLipSync) },
    voices: {
      items: voices.data.map((task) => ({
        klingTaskId: task.task_id,
        klingStatus: task.task_status,
        klingCreatedAt: toDate(task.created_at),
        voices: voicesOf(task).map(toVoice),
      })),
    },
    presets: { items: presets.data.map((task) => ({ voices: voicesOf(task).map(toVoice) })) },
    resourcePacks: costs.data.resource_pack_subscribe_infos.map((pack) => ({
      klingPackId: pack.resource_pack_id,
      name: pack.resource_pack_name,
      klingStatus: pack.status,
      remainingUnits: String(pack.remaining_quantity),
      expiresAt: toDate(pack.invalid_time),
    })),
  };
  return { operator };
}

function toLipSync(task: KlingTask): object {
  const parent = task.task_info?.parent_video;
  return {
    klingTaskId: task.task_id,
    klingExternalTaskId: task.task_info?.external_task_id ?? null,
    klingStatus: task.task_status,
    klingStatusMessage: task.task_status_msg || null,
    klingCreatedAt: toDate(task.created_at),
    klingUpdatedAt: toDate(task.updated_at),
    unitsDeducted: task.final_unit_deduction ?? null,
    parentVideo:
      parent === undefined ? null : { klingVideoId: parent.id, url: parent.url, durationMs: toMs(parent.duration) },
    videos: (task.task_result?.videos ?? []).map(({ id, url, duration }) => ({
      klingVideoId: id,
      url,
      durationMs: toMs(duration),
    })),
  };
}

function toVoice(voice: KlingVoice): object {
  return {
    klingVoiceId: voice.voice_id,
    name: voice.voice_name,
    sampleUrl: voice.trial_url,
    owner: toOwner(voice),
  };
}

function toGlobalId(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function toDate(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
