/** The records of the fake Kling. They are the same in each run, so that answers can be compared byte by byte. */

const CREATED_AT_MS = Date.UTC(2026, 8, 1, 12);

/** The statuses of every ten tasks. The first task is running. */
const STATUSES = ['processing', 'succeed', 'succeed', 'failed', 'succeed', 'succeed', 'submitted', 'succeed'] as const;

function statusOf(i: number): (typeof STATUSES)[number] {
  return STATUSES[i % STATUSES.length] ?? 'succeed';
}

function idOf(kind: number, i: number): string {
  return String(829_877_000_000_000_000n + BigInt(kind) * 1_000_000n + BigInt(i));
}

function taskFields(id: string, i: number): object {
  const status = statusOf(i);
  return {
    task_id: id,
    task_status: status,
    task_status_msg: status === 'failed' ? 'The model did not detect a human' : '',
    ...(status === 'succeed' ? { final_unit_deduction: '0.5' } : {}),
    created_at: CREATED_AT_MS + i * 1_000,
    updated_at: CREATED_AT_MS + i * 1_000 + 60_500,
  };
}

/** Creates an item of the list of lip-syncs. */
export function lipSyncRecord(i: number): object {
  const id = idOf(1, i);
  const video = {
    id: idOf(2, i),
    url: `https://cdn.kling.test/videos/${id}.mp4?sign=0123456789abcdef`,
    duration: '5.1',
  };
  return {
    ...taskFields(id, i),
    task_info: {
      parent_video: { id: idOf(3, i), url: `https://cdn.kling.test/parents/${id}.mp4`, duration: '5.1' },
      external_task_id: `external-${id}`,
    },
    watermark_info: { enabled: false },
    task_result: statusOf(i) === 'succeed' ? { videos: [video] } : {},
  };
}

/** Creates an item of the list of voice tasks. */
export function voiceTaskRecord(i: number): object {
  const voice = voiceOf(idOf(5, i), `Voice ${i}`, 'account-1');
  return {
    ...taskFields(idOf(4, i), i),
    task_info: {},
    task_result: statusOf(i) === 'succeed' ? { voices: [voice] } : {},
  };
}

/** Creates an item of the list of preset voices. Kling wraps each voice in a record like that of a task. */
export function presetVoiceRecord(i: number): object {
  return { task_result: { voices: [voiceOf(idOf(6, i), `Preset ${i}`, 'kling')] } };
}

function voiceOf(id: string, name: string, owner: string): object {
  return {
    voice_id: id,
    voice_name: name,
    trial_url: `https://cdn.kling.test/voices/${id}.mp3`,
    owned_by: owner,
  };
}

/** Creates the record of a new voice task. A read by its id returns it as ended. */
export function createdVoiceTask(isEnded: boolean): object {
  const id = idOf(7, 0);
  const fields = { task_id: id, task_status_msg: '', task_info: {}, created_at: CREATED_AT_MS };
  if (!isEnded) return { ...fields, task_status: 'submitted', updated_at: CREATED_AT_MS, task_result: {} };
  return {
    ...fields,
    task_status: 'succeed',
    final_unit_deduction: '0.05',
    updated_at: CREATED_AT_MS + 60_500,
    task_result: { voices: [voiceOf(idOf(5, 0), 'Narrator', 'account-1')] },
  };
}

/** Creates the answer of text to speech. */
export function speechRecord(): object {
  const id = idOf(8, 0);
  return {
    task_id: id,
    task_status: 'succeed',
    task_status_msg: '',
    task_result: {
      audios: [{ id: idOf(9, 0), url: `https://cdn.kling.test/audio/${id}.mp3`, duration: '3.2' }],
    },
    final_unit_deduction: '0.05',
    created_at: CREATED_AT_MS,
    updated_at: CREATED_AT_MS,
  };
}

/** Creates the answer with the account's packs, which has its own envelope. */
export function costsRecord(): object {
  return { code: 0, msg: 'SUCCEED', resource_pack_subscribe_infos: [pack(0), pack(1), pack(2)] };
}

function pack(i: number): object {
  return {
    resource_pack_name: `Pack ${i}`,
    resource_pack_id: `pack-${i}`,
    resource_pack_type: 'decreasing_total',
    total_quantity: 1_000,
    remaining_quantity: 500.5,
    purchase_time: CREATED_AT_MS,
    effective_time: CREATED_AT_MS,
    invalid_time: CREATED_AT_MS + 365 * 24 * 3_600_000,
    status: 'online',
  };
}
