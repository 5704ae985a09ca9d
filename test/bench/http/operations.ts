import { createHash } from 'node:crypto';

export type OperationName = 'task' | 'ledger' | 'page' | 'list' | 'voices' | 'fan-out' | 'mutation' | 'persisted';

/** An operation. Every server that supports it is measured. */
export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  readonly query: string;
  /** The number of requests to Kling for each operation. */
  readonly calls: number;
  /** The request to Kling, for Workers that only forward it. Null if the operation causes zero or several requests. */
  readonly kling: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body: string } | null;
}

const TASK = `klingTaskId klingExternalTaskId klingStatus klingStatusMessage klingCreatedAt klingUpdatedAt unitsDeducted
  parentVideo { klingVideoId url durationMs } videos { klingVideoId url durationMs }`;
const VOICE = 'klingVoiceId name sampleUrl owner';

const LIP_SYNCS = '/v1/videos/advanced-lip-sync';
const PRESET_VOICES = '/v1/general/presets-voices';

function pageOf(pageSize: number): string {
  return `query Page { operator { klingTasks(list: LIP_SYNCS, page: 1, pageSize: ${pageSize}) { page pageSize items { ${TASK} } } } }`;
}

function readPage(pageSize: number) {
  return { method: 'GET', path: `${LIP_SYNCS}?pageNum=1&pageSize=${pageSize}`, body: '' } as const;
}

/**
 * A page with one task of the operator's list, which is read at Kling each time. A running task of the caller would be read at
 * Kling at most once a second.
 */
const TASK_QUERY = pageOf(1);

/** The external id of the caller's ended task. */
export const FINAL_TASK = 'bench-final';

const SPEECH = {
  text: 'Good morning, and welcome back to the programme.',
  voice_id: 'oversea_male1',
  voice_language: 'en',
  voice_speed: 1,
};

/** The operations, in the order of the report. */
export const OPERATIONS: readonly Operation[] = [
  { name: 'task', title: 'one running task', query: TASK_QUERY, calls: 1, kling: readPage(1) },
  {
    name: 'ledger',
    title: 'one final task, from the ledger',
    query: `query Final { task(by: { externalId: "${FINAL_TASK}" }) {
      id status createdAt updatedAt expiresAt unitsCharged kling { klingStatus } ... on VoiceTask { voices { ${VOICE} } } } }`,
    calls: 0,
    kling: null,
  },
  { name: 'page', title: 'a page of 30', query: pageOf(30), calls: 1, kling: readPage(30) },
  { name: 'list', title: 'a list of 500', query: pageOf(500), calls: 1, kling: readPage(500) },
  {
    name: 'voices',
    title: 'a list of 500 with ids',
    query: `query Voices { operator { klingTasks(list: PRESET_VOICES, page: 1, pageSize: 500) {
      page pageSize items { voices { id ${VOICE} } } } } }`,
    calls: 1,
    kling: { method: 'GET', path: `${PRESET_VOICES}?pageNum=1&pageSize=500`, body: '' },
  },
  {
    name: 'fan-out',
    title: 'four lists by four calls',
    query: `query FanOut { operator {
      lipSyncs: klingTasks(list: LIP_SYNCS, pageSize: 10) { items { ${TASK} } }
      voices: klingTasks(list: CUSTOM_VOICES, pageSize: 10) { items { klingTaskId klingStatus klingCreatedAt voices { ${VOICE} } } }
      presets: klingTasks(list: PRESET_VOICES, pageSize: 10) { items { voices { ${VOICE} } } }
      resourcePacks { klingPackId name klingStatus remainingUnits expiresAt } } }`,
    calls: 4,
    kling: null,
  },
  {
    name: 'mutation',
    title: 'a mutation',
    query: `mutation Speak { synthesizeSpeech(speech: { text: "${SPEECH.text}", klingVoiceId: "${SPEECH.voice_id}", language: EN }) {
      ... on Speech { klingAudioId url durationMs unitsCharged createdAt kling { klingTaskId } }
      ... on Failure { code message } } }`,
    calls: 1,
    kling: { method: 'POST', path: '/v1/audio/tts', body: JSON.stringify(SPEECH) },
  },
  { name: 'persisted', title: 'one running task, by its hash', query: TASK_QUERY, calls: 1, kling: readPage(1) },
];

/** Creates the body of a GraphQL request. `persisted` is sent by its hash, and with `withText` also as text to be cached. */
export function toBody({ name, query }: Operation, withText = false): string {
  if (name !== 'persisted') return JSON.stringify({ query });
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  return JSON.stringify({ ...(withText && { query }), extensions: { persistedQuery: { version: 1, sha256Hash } } });
}
