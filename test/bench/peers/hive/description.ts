/** The OpenAPI description of the measured part of Kling's API. */

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });
const envelope = (data: Schema): Schema => object({ code: { type: 'integer' }, message: text, request_id: text, data });

function answering(name: string): Schema {
  return { 200: { description: 'OK', content: { 'application/json': { schema: ref(name) } } } };
}

function reading(operationId: string, answer: string, ...query: readonly string[]): Schema {
  const parameters = query.map((name) => ({ name, in: 'query', schema: number, required: true }));
  return { get: { operationId, parameters, responses: answering(answer) } };
}

const SCHEMAS = {
  File: object({ id: text, url: text, duration: text }),
  Voice: object({ voice_id: text, voice_name: text, trial_url: text, owned_by: text }),
  Task: object({
    task_id: text,
    task_status: text,
    task_status_msg: text,
    created_at: number,
    updated_at: number,
    final_unit_deduction: text,
    task_info: object({ external_task_id: text, parent_video: ref('File') }),
    task_result: object({ videos: listOf(ref('File')), voices: listOf(ref('Voice')), audios: listOf(ref('File')) }),
  }),
  Pack: object({
    resource_pack_id: text,
    resource_pack_name: text,
    remaining_quantity: number,
    invalid_time: number,
    status: text,
  }),
  TaskList: envelope(listOf(ref('Task'))),
  TaskAnswer: envelope(ref('Task')),
  Costs: envelope(object({ resource_pack_subscribe_infos: listOf(ref('Pack')) })),
  Speak: object({ text, voice_id: text, voice_language: text, voice_speed: number }),
};

export const DESCRIPTION = {
  openapi: '3.0.0',
  info: { title: 'Kling', version: '1' },
  paths: {
    '/v1/videos/advanced-lip-sync': reading('lipSyncs', 'TaskList', 'pageNum', 'pageSize'),
    '/v1/general/custom-voices': reading('voiceTasks', 'TaskList', 'pageNum', 'pageSize'),
    '/v1/general/presets-voices': reading('presetVoices', 'TaskList', 'pageNum', 'pageSize'),
    '/account/costs': reading('costs', 'Costs', 'start_time', 'end_time'),
    '/v1/audio/tts': {
      post: {
        operationId: 'speak',
        requestBody: { content: { 'application/json': { schema: ref('Speak') } } },
        responses: answering('TaskAnswer'),
      },
    },
  },
  components: { schemas: SCHEMAS },
};
