const DAY_MS = 86_400_000;

/** How long each kind of data is kept, in milliseconds. */
export interface RetentionTimes {
  /** From their end; also the sums of months, from the end of the month. */
  readonly taskMs: number;
  readonly cancelledTaskMs: number;
  readonly deletedVoiceMs: number;
  readonly faceScanMs: number;
  readonly speechMs: number;
  /** Idempotency keys of calls that are charged at once, with their answers. */
  readonly idempotencyMs: number;
  /** Which tenant has made a video or an audio file, from when the gateway learned of it. */
  readonly ownerMs: number;
  /** The place in the account's order of a tenant that has no task under way. */
  readonly idleTenantMs: number;
}

const SETTING_OF = {
  taskMs: 'TASK_RETENTION_DAYS',
  cancelledTaskMs: 'CANCELLED_TASK_RETENTION_DAYS',
  deletedVoiceMs: 'DELETED_VOICE_RETENTION_DAYS',
  faceScanMs: 'FACE_SCAN_RETENTION_DAYS',
  speechMs: 'SPEECH_RETENTION_DAYS',
  idempotencyMs: 'IDEMPOTENCY_RETENTION_DAYS',
  ownerMs: 'OWNER_RETENTION_DAYS',
  idleTenantMs: 'IDLE_TENANT_RETENTION_DAYS',
} as const satisfies Record<keyof RetentionTimes, string>;

/** The times, from the settings that hold them in days. */
export function toRetentionTimes(
  daysOf: (setting: (typeof SETTING_OF)[keyof RetentionTimes]) => number,
): RetentionTimes {
  const ms = (kind: keyof RetentionTimes): number => daysOf(SETTING_OF[kind]) * DAY_MS;
  return {
    taskMs: ms('taskMs'),
    cancelledTaskMs: ms('cancelledTaskMs'),
    deletedVoiceMs: ms('deletedVoiceMs'),
    faceScanMs: ms('faceScanMs'),
    speechMs: ms('speechMs'),
    idempotencyMs: ms('idempotencyMs'),
    ownerMs: ms('ownerMs'),
    idleTenantMs: ms('idleTenantMs'),
  };
}
