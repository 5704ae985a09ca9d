import { Kind, parse, valueFromASTUntyped, type FieldNode, type SelectionSetNode } from 'graphql';
import type { Kling } from './kling/start.ts';
import type { OperationName } from './operations.ts';

/** Queries for the schema that Hive derives from a description of Kling's API. They select the same fields by Kling's names. */

const FILE = '{ id url duration }';
const TASK = `{ task_id task_status task_status_msg created_at updated_at final_unit_deduction
  task_info { external_task_id parent_video ${FILE} } task_result { videos ${FILE} } }`;
const VOICES = 'task_result { voices { voice_id voice_name trial_url owned_by } }';

const pageOf = (pageSize: number): string =>
  `query Page { lipSyncs(pageNum: 1, pageSize: ${pageSize}) { data ${TASK} } }`;

export const HIVE_QUERIES: Readonly<Partial<Record<OperationName, string>>> = {
  task: pageOf(1),
  page: pageOf(30),
  list: pageOf(500),
  'fan-out': `query FanOut {
    lipSyncs(pageNum: 1, pageSize: 10) { data ${TASK} }
    voiceTasks(pageNum: 1, pageSize: 10) { data { task_id task_status created_at ${VOICES} } }
    presetVoices(pageNum: 1, pageSize: 10) { data { ${VOICES} } }
    costs(start_time: 1764000000000, end_time: 1795536000000) { data { resource_pack_subscribe_infos {
      resource_pack_id resource_pack_name status remaining_quantity invalid_time } } } }`,
  mutation: `mutation Speak {
    speak(input: { text: "Good morning, and welcome back to the programme.", voice_id: "oversea_male1", voice_language: "en", voice_speed: 1 }) {
      data { task_id final_unit_deduction created_at task_result { audios ${FILE} } } } }`,
};

const PATHS: Readonly<Record<string, string>> = {
  lipSyncs: '/v1/videos/advanced-lip-sync',
  voiceTasks: '/v1/general/custom-voices',
  presetVoices: '/v1/general/presets-voices',
  costs: '/account/costs',
};

/** Returns the expected data of such a query: the selected part of Kling's own answer. */
export async function hiveData(kling: Kling, query: string): Promise<unknown> {
  const [operation] = parse(query).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  const data: Record<string, unknown> = {};
  for (const field of fieldsOf(operation.selectionSet)) {
    data[field.name.value] = project(await askFor(kling, field), field.selectionSet);
  }
  return data;
}

async function askFor(kling: Kling, field: FieldNode): Promise<unknown> {
  const path = PATHS[field.name.value];
  if (path === undefined) return kling.ask('POST', '/v1/audio/tts', '{}');
  const query = (field.arguments ?? []).map(({ name, value }) => `${name.value}=${String(valueFromASTUntyped(value))}`);
  return kling.ask('GET', `${path}?${query.join('&')}`, '');
}

function project(value: unknown, selectionSet: SelectionSetNode | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (selectionSet === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => project(item, selectionSet));
  return Object.fromEntries(
    fieldsOf(selectionSet).map(({ name, selectionSet: inside }) => [
      name.value,
      project((value as Record<string, unknown>)[name.value], inside),
    ]),
  );
}

function fieldsOf({ selections }: SelectionSetNode): readonly FieldNode[] {
  return selections.filter((selection) => selection.kind === Kind.FIELD);
}
