/** What the gateway answers, with no GraphQL in it: Kling's answers mapped by hand. */

/** What a list of Kling's comes in. */
interface Answer {
  readonly data: readonly KlingTask[];
}

interface KlingTask {
  readonly task_id: string;
  readonly task_status: string;
  readonly task_status_msg?: string;
  readonly created_at?: number;
  readonly updated_at?: number;
  readonly final_unit_deduction?: string;
  readonly task_info?: {
    readonly external_task_id?: string;
    readonly parent_video?: { readonly id: string; readonly url: string; readonly duration: string };
  };
  readonly task_result?: { readonly videos?: readonly KlingVideo[]; readonly voices?: readonly KlingVoice[] };
}

interface KlingVideo {
  readonly id: string;
  readonly url: string;
  readonly duration: string;
}

interface KlingVoice {
  readonly voice_id: string;
  readonly voice_name: string;
  readonly trial_url: string;
  readonly owned_by: string;
}

interface Costs {
  readonly data: {
    readonly resource_pack_subscribe_infos: readonly {
      readonly resource_pack_id: string;
      readonly resource_pack_name: string;
      readonly remaining_quantity: number;
      readonly invalid_time: number;
      readonly status: string;
    }[];
  };
}

/** Reads one path of Kling's. */
type Ask = <T>(path: string) => Promise<T>;

const DAY_MS = 24 * 3_600_000;
const STATUSES: Readonly<Record<string, string>> = { succeed: 'SUCCEEDED', online: 'ACTIVE' };

/** A page of lip-sync tasks, as the gateway's fields have them. */
export async function readPage(ask: Ask, page: number, pageSize: number): Promise<object> {
  const { data } = await ask<Answer>(`/v1/videos/advanced-lip-sync?pageNum=${page}&pageSize=${pageSize}`);
  return { account: { lipSyncTasks: { page, pageSize, items: data.map(toLipSync) } } };
}

/** What the fan-out query answers: four calls at Kling. */
export async function readFanOut(ask: Ask): Promise<object> {
  const now = Date.now();
  const list = (path: string): Promise<Answer> => ask(`${path}?pageNum=1&pageSize=10`);
  const [lipSyncs, voices, presets, costs] = await Promise.all([
    list('/v1/videos/advanced-lip-sync'),
    list('/v1/general/custom-voices'),
    list('/v1/general/presets-voices'),
    ask<Costs>(`/account/costs?start_time=${now - 365 * DAY_MS}&end_time=${now}`),
  ]);
  const account = {
    lipSyncTasks: { items: lipSyncs.data.map(toLipSync) },
    voiceTasks: {
      items: voices.data.map((task) => ({
        klingTaskId: task.task_id,
        status: toStatus(task.task_status),
        createdAt: toDate(task.created_at),
        voices: (task.task_result?.voices ?? []).map(toVoice),
      })),
    },
    presetVoices: { items: presets.data.flatMap((task) => (task.task_result?.voices ?? []).map(toVoice)) },
    resourcePacks: costs.data.resource_pack_subscribe_infos.map((pack) => ({
      packId: pack.resource_pack_id,
      name: pack.resource_pack_name,
      status: toStatus(pack.status),
      remainingUnits: String(pack.remaining_quantity),
      expiresAt: toDate(pack.invalid_time),
    })),
  };
  return { lipSyncQuote: { units: '1.5' }, account };
}

function toLipSync(task: KlingTask): object {
  const parent = task.task_info?.parent_video;
  return {
    klingTaskId: task.task_id,
    externalTaskId: task.task_info?.external_task_id ?? null,
    status: toStatus(task.task_status),
    klingStatus: task.task_status,
    statusMessage: task.task_status_msg || null,
    createdAt: toDate(task.created_at),
    updatedAt: toDate(task.updated_at),
    unitsDeducted: task.final_unit_deduction ?? null,
    parentVideo:
      parent === undefined ? null : { videoId: parent.id, url: parent.url, durationMs: toMs(parent.duration) },
    videos: (task.task_result?.videos ?? []).map(({ id, url, duration }) => ({
      videoId: id,
      url,
      durationMs: toMs(duration),
    })),
  };
}

function toVoice(voice: KlingVoice): object {
  return {
    voiceId: voice.voice_id,
    name: voice.voice_name,
    trialUrl: voice.trial_url,
    owner: voice.owned_by === 'kling' ? 'KLING' : 'ACCOUNT',
  };
}

function toStatus(status: string): string {
  return STATUSES[status] ?? status.toUpperCase();
}

function toDate(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}

function toMs(seconds: string): number {
  return Math.round(Number(seconds) * 1_000);
}
