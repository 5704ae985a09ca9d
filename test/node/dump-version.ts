/**
 * `npx node test/node/dump-version.ts <checkout>`: makes one of everything in a gateway of version 0.1, with the sandbox.
 * Kills the gateway, and writes its SQLite files as SQL, which `test/ledger/version-before.test.ts` opens.
 *
 * `<checkout>` holds the newest commit whose package.json says 0.1, with its packages installed.
 */

import { globSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import { CONNECTION_INIT, AUTHORIZATION } from '../support/token.ts';
import { startStack } from './gateway-stack.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const CLASSES = ['TaskLedger', 'KlingAccount', 'Hub'];

/** The inputs of 0.1, by name. The test repeats them. */
const VOICE = { name: ' Ann ', source: { url: 'https://EXAMPLE.com/ann.mp3' }, externalId: 'voice-1' };
const SCAN = { video: { url: 'https://example.com/clip-sandbox-two-faces.mp4' }, idempotencyKey: 'scan-1' };
const SPEECH = {
  text: 'Good morning ',
  voiceId: 'oversea_male1',
  language: 'EN',
  speed: 1.2,
  idempotencyKey: 'speech-1',
};
const PLACEMENT = { cropStartMs: 0, cropEndMs: 3_000, insertAtMs: 1_000 };
/** A WAV of 3 s: 8 bits, mono, 100 Hz. */
const WAV = Buffer.concat([
  Buffer.from(
    'RIFF\x50\x01\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x64\0\0\0\x64\0\0\0\x01\0\x08\0data\x2c\x01\0\0',
    'latin1',
  ),
  Buffer.alloc(300, 128),
]).toString('base64');

const TASK = `__typename id status externalId createdAt updatedAt klingTaskId klingStatus klingRequestId unitsEstimated
  unitsDeducted expiresAt failure { code message retryable }
  ... on VoiceTask { voices { id voiceId name owner trialUrl } }
  ... on LipSyncTask { watermarkEnabled videos { videoId url durationMs watermarkUrl } parentVideo { videoId url durationMs } }`;
const SCANNED = `id createdAt expiresAt sessionId unitsDeducted klingRequestId faces { id faceId imageUrl startMs endMs }`;
const SPOKEN = `audioId createdAt expiresAt url durationMs klingTaskId klingRequestId unitsDeducted`;
const ALL = `{
  tasks(first: 100) { edges { cursor node { ${TASK} } } }
  voices(first: 100) { edges { cursor node { id voiceId name owner trialUrl } } }
  events(first: 100) { edges { node { cursor sequence at task { id status } } } }
  usage { month units }
}`;
const WATCH = 'subscription { tasksChanged { cursor task { id status } } }';

// oxlint-disable-next-line typescript/no-explicit-any -- answers of version 0.1, whose schema is not here
type Data = any;

async function makeEverything(url: string): Promise<Data> {
  async function send(query: string, variables: object = {}): Promise<Data> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return response.json();
  }
  async function run(query: string, variables: object = {}): Promise<Data> {
    const { data, errors } = await send(query, variables);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }
  async function create(field: string, input: object): Promise<string> {
    const type = `${field.replace('c', 'C')}Input`;
    const made = await run(`mutation ($input: ${type}!) { ${field}(input: $input) { task { id } } }`, { input });
    return made[field].task.id;
  }
  const createVoice = (input: object): Promise<string> => create('createVoice', input);
  const createLipSync = (input: object): Promise<string> => create('createLipSyncTask', input);
  async function until(id: string, isReached: (status: string) => boolean): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { node } = await run('query ($id: ID!) { node(id: $id) { ... on Task { status } } }', { id });
      if (isReached(node.status)) return;
      await wait(50);
    }
    throw new Error(`task ${id} did not come to its end`);
  }
  const ended = (id: string): Promise<void> => until(id, (status) => status === 'SUCCEEDED' || status === 'FAILED');
  const SPEAK = `mutation ($input: SynthesizeSpeechInput!) { synthesizeSpeech(input: $input) { ... on Speech { ${SPOKEN} } ... on Failure { code message } } }`;
  const IDENTIFY = `mutation ($input: IdentifyFacesInput!) { identifyFaces(input: $input) { ... on FaceScan { ${SCANNED} } ... on Failure { code message } } }`;

  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.addEventListener('open', () => {
    socket.send(CONNECTION_INIT);
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));
  });

  await ended(await createVoice(VOICE));
  const deleted = await createVoice({ ...VOICE, name: 'Bob', externalId: 'voice-deleted' });
  await ended(deleted);
  await ended(await createVoice({ name: 'Cid', source: { url: 'https://example.com/sandbox-risk-control.mp3' } }));
  const { node } = await run('query ($id: ID!) { node(id: $id) { ... on VoiceTask { voices { id } } } }', {
    id: deleted,
  });
  await run(
    'mutation ($input: DeleteVoiceInput!) { deleteVoice(input: $input) { ... on Deletion { deletedId } ... on Failure { code message } } }',
    {
      input: { voiceId: node.voices[0].id },
    },
  );

  const { speech } = (await run(SPEAK, { input: SPEECH })).synthesizeSpeech;
  const unnamed = (await run(SPEAK, { input: { ...SPEECH, idempotencyKey: null } })).synthesizeSpeech;
  // The answer is lost: the call stays without one.
  await send(SPEAK, { input: { ...SPEECH, text: 'sandbox-error-after', idempotencyKey: 'speech-lost' } });
  const { faceScan } = (await run(IDENTIFY, { input: SCAN })).identifyFaces;
  const faceId: string = faceScan.faces[0].id;
  const first = {
    faceId,
    sound: { url: 'https://example.com/hello-5s.mp3' },
    placement: PLACEMENT,
    externalId: 'lip-sync-1',
  };
  const second = {
    faceId,
    sound: { audioId: speech.audioId },
    placement: PLACEMENT,
    watermark: true,
    soundVolume: 1.5,
    externalId: 'lip-sync-2',
  };
  const third = {
    faceId,
    sound: { base64: WAV },
    placement: { ...PLACEMENT, videoDurationMs: 10_000 },
    externalId: 'lip-sync-3',
  };
  for (const input of [first, second, third]) await ended(await createLipSync(input));
  await ended(
    await createLipSync({ ...first, sound: { url: 'https://example.com/sandbox-no-human.mp3' }, externalId: null }),
  );
  const { tasks } = await run(ALL);
  const made: Data[] = tasks.edges.map((edge: Data) => edge.node);
  const { videoId } = made.find(({ externalId }) => externalId === 'lip-sync-1').videos[0];
  const rescan = (await run(IDENTIFY, { input: { video: { videoId } } })).identifyFaces;

  // One task is at Kling, and holds the only slot. Others wait for it.
  const atKling = await createLipSync({
    ...first,
    sound: { url: 'https://example.com/sandbox-never-ends.mp3' },
    externalId: 'at-kling',
  });
  await until(atKling, (status) => status === 'PROCESSING');
  await createVoice({ ...VOICE, name: 'Dee', externalId: 'waits' });
  for (const taskId of [
    await createVoice({ ...VOICE, externalId: 'cancelled-voice' }),
    await createLipSync({ ...first, externalId: 'cancelled-lip-sync' }),
  ]) {
    await run('mutation ($input: CancelQueuedInput!) { cancelQueued(input: $input) { task { id } } }', {
      input: { taskId },
    });
  }
  await wait(500);
  return {
    madeAtMs: Date.now(),
    inputs: { voice: VOICE, scan: SCAN, speech: SPEECH, lipSyncs: [first, second, third] },
    answers: { ...(await run(ALL)), scans: [faceScan, rescan], speeches: [speech, unnamed] },
  };
}

/** Returns the tables of a database as SQL: rows before triggers, which would count them twice. */
function dump(db: DatabaseSync): readonly string[] {
  const made = db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'`,
    )
    .all()
    .map(({ type, name, sql }) => ({
      isTable: type === 'table',
      name: String(name),
      sql: `${String(sql).replaceAll(/\s+/g, ' ')};`,
    }));
  const tables = made.filter(({ isTable }) => isTable);
  const rows = tables.flatMap(({ name }) => {
    const columns = db
      .prepare(`SELECT name FROM pragma_table_info(?)`)
      .all(name)
      .map((column) => String(column['name']));
    const values = db.prepare(`SELECT ${columns.join(', ')} FROM ${name}`).all();
    return values.map(
      (row) => `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${Object.values(row).map(toLiteral).join(', ')});`,
    );
  });
  // A hub stores no keys, and has no such table.
  const hasKeys = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_cf_KV'`).get() !== undefined;
  const keys = hasKeys ? db.prepare('SELECT key, value FROM _cf_KV').all() : [];
  const values = keys.map(({ key, value }) => [key, deserialize(value as Uint8Array)]);
  return [
    `-- keys ${JSON.stringify(Object.fromEntries(values))}`,
    ...tables.map(({ sql }) => sql),
    ...rows,
    ...made.filter(({ isTable }) => !isTable).map(({ sql }) => sql),
  ];
}

function toLiteral(value: SQLOutputValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

const root = resolve(process.argv[2] ?? '');
const stack = await startStack({
  root,
  sandbox: { submittedMs: 50, processingMs: 150 },
  vars: { KLING_CONCURRENCY: '1', CALLBACK_SECRET: 'callback-secret-of-the-tests-0123456789' },
});
try {
  const made = await makeEverything(stack.gateway.url);
  await stack.gateway.kill();
  const sections = CLASSES.flatMap((name) => {
    const [file = ''] = globSync('[0-9a-f]*.sqlite', { cwd: stack.gateway.storageDir(name) });
    const db = new DatabaseSync(join(stack.gateway.storageDir(name), file));
    return [`-- object ${name}`, ...dump(db)];
  });
  const header = ['-- The objects of a gateway of version 0.1, as test/node/dump-version.ts has written them.'];
  writeFileSync(join(FIXTURES, 'version-0.1.sql'), `${[...header, ...sections].join('\n')}\n`);
  writeFileSync(join(FIXTURES, 'version-0.1.json'), `${JSON.stringify(made).replaceAll('},{', '},\n{')}\n`);
} finally {
  await stack.close();
}
