/** Invalid inputs, each with the paths of all its problems. */

export interface BadInput {
  readonly name: string;
  readonly mutation:
    | 'createVoiceTask'
    | 'identifyFaces'
    | 'createLipSyncTask'
    | 'createLipSyncTasks'
    | 'synthesizeSpeech'
    | 'retryTask'
    | 'cancelTask'
    | 'updateTask'
    | 'deleteTask'
    | 'deleteVoice'
    | 'deleteMedia'
    | 'createWebhookEndpoint'
    | 'updateWebhookEndpoint'
    | 'rotateWebhookSecret'
    | 'deleteWebhookEndpoint'
    | 'sendTestWebhook'
    | 'redeliverWebhook';
  readonly variables: object;
  readonly paths: readonly string[];
}

const VIDEO = 'https://example.com/clip.mp4';
const SOUND = 'https://example.com/hello.mp3';
const text = (length: number) => 'x'.repeat(length);

/** Builds a silent WAV of `durationMs`: 8 kHz, 8 bit, one channel. */
export function wav(durationMs: number): Buffer {
  const samples = durationMs * 8;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}

const URLS: readonly (readonly [string, string])[] = [
  ['no URL at all', 'clip.mp4'],
  ['plain http', 'http://example.com/clip.mp4'],
  ['another scheme', 'ftp://example.com/clip.mp4'],
  ['a data URL', 'data:video/mp4;base64,AAAA'],
  ['a file URL', 'file:///etc/passwd'],
  ['a user and a password', 'https://me:secret@example.com/clip.mp4'],
  ['a name below localhost', 'https://a.localhost/clip.mp4'],
  ['another loopback address', 'https://127.0.0.2/clip.mp4'],
  ['a private address as a number', 'https://167772161/clip.mp4'],
  ['a private address', 'https://10.1.2.3/clip.mp4'],
  ['the metadata address', 'https://169.254.169.254/clip.mp4'],
  ['an IPv6 link-local address', 'https://[fe80::1]/clip.mp4'],
  ['an IPv4 address mapped to IPv6', 'https://[::ffff:10.0.0.1]/clip.mp4'],
  ['a host without a dot', 'https://intranet/clip.mp4'],
  ['an odd port', 'https://example.com:8443/clip.mp4'],
  ['a line break', 'https://example.com/clip\r\n.mp4'],
  ['over 8,192 characters', `https://example.com/${text(8192)}.mp4`],
  ['an audio file as the video', 'https://example.com/clip.mp3'],
  ['a picture', 'https://example.com/clip.png'],
];

function faces(name: string, variables: object, paths: readonly string[]): BadInput {
  return { name: `identifyFaces: ${name}`, mutation: 'identifyFaces', variables, paths };
}

function voice(name: string, change: object, paths: readonly string[]): BadInput {
  const input = { name: 'Narrator', sample: { url: SOUND }, ...change };
  return { name: `createVoiceTask: ${name}`, mutation: 'createVoiceTask', variables: { input }, paths };
}

function speech(name: string, change: object, paths: readonly string[]): BadInput {
  const said = { text: 'Hello', klingVoiceId: 'uk_boy1', language: 'EN', ...change };
  return { name: `synthesizeSpeech: ${name}`, mutation: 'synthesizeSpeech', variables: { speech: said }, paths };
}

/** Returns all invalid inputs. `face` is the id of a face from 0 to 5,000 ms. */
function lipSync(face: string, name: string, change: object, paths: readonly string[]): BadInput {
  const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };
  const { placement: placed, ...others } = change as { placement?: object };
  const input = { face: { faceId: face }, audio: { url: SOUND }, placement: { ...placement, ...placed }, ...others };
  return { name: `createLipSyncTask: ${name}`, mutation: 'createLipSyncTask', variables: { input }, paths };
}

function retry(name: string, variables: object, paths: readonly string[]): BadInput {
  return { name: `retryTask: ${name}`, mutation: 'retryTask', variables, paths };
}

/** Returns wrong ids of the mutations that name one object. */
function wrongIds(): readonly BadInput[] {
  const tasks = ['cancelTask', 'updateTask', 'deleteTask'] as const;
  return [
    ...tasks.map((mutation) => [mutation, 'taskId', 'LipSyncTask', 'Voice'] as const),
    // An operator may delete any voice, so Kling is asked about an unknown one.
    ['deleteVoice', 'voiceId', 'LipSyncTask', 'FaceScan'] as const,
    ['deleteMedia', 'mediaId', 'Media', 'LipSyncTask'] as const,
  ].flatMap(([mutation, argument, type, other]) =>
    [
      ['an id that names nothing', idOf(type, 'none')],
      ['the id of another type', idOf(other, 'none')],
      ['no id at all', 'none'],
    ].map(([name, id]) => ({
      name: `${mutation}: ${name}`,
      mutation,
      variables: { [argument]: id },
      paths: [argument],
    })),
  );
}

/** Returns all inputs of several lip-syncs that are all refused, so that none is made. */
function lipSyncs(name: string, changes: readonly object[], paths: readonly string[]): BadInput {
  const placement = { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 0 };
  const face = { inVideo: { video: { url: VIDEO } } };
  const inputs = changes.map((change) => ({ face, audio: { url: SOUND }, placement, ...change }));
  return { name: `createLipSyncTasks: ${name}`, mutation: 'createLipSyncTasks', variables: { inputs }, paths };
}

const idOf = (type: string, id: string) => Buffer.from(`${type}:${id}`).toString('base64url');

const WEBHOOK_URLS: readonly (readonly [string, string])[] = [
  ['no URL at all', 'hooks'],
  ['plain http', 'http://hooks.example.com/a'],
  ['another scheme', 'ftp://hooks.example.com/a'],
  ['a user and a password', 'https://me:secret@hooks.example.com/a'],
  ['a public address', 'https://93.184.216.34/a'],
  ['a private address', 'https://10.1.2.3/a'],
  ['the metadata address', 'https://169.254.169.254/a'],
  ['an IPv6 address', 'https://[2606:2800:220:1::1]/a'],
  ['a host without a dot', 'https://intranet/a'],
  ['an odd port', 'https://hooks.example.com:8443/a'],
  ['over 2,048 characters', `https://hooks.example.com/${text(2048)}`],
];

/** Returns the invalid inputs of webhooks. `endpoint` is the id of one that exists. */
function webhooks(endpoint: string): readonly BadInput[] {
  const row = (mutation: BadInput['mutation'], name: string, variables: object, paths: readonly string[]): BadInput => {
    return { name: `${mutation}: ${name}`, mutation, variables, paths };
  };
  const named = ['rotateWebhookSecret', 'deleteWebhookEndpoint', 'sendTestWebhook', 'updateWebhookEndpoint'] as const;
  const url = 'https://hooks.example.com/a';
  return [
    ...WEBHOOK_URLS.flatMap(([name, bad]) => [
      row('createWebhookEndpoint', name, { url: bad }, ['url']),
      row('updateWebhookEndpoint', name, { endpointId: endpoint, url: bad }, ['url']),
    ]),
    row('createWebhookEndpoint', 'a description of 201 characters', { url, description: text(201) }, ['description']),
    row('createWebhookEndpoint', 'both at once', { url: 'x', description: 'a\nb' }, ['url', 'description']),
    row('updateWebhookEndpoint', 'a description of 201 characters', { endpointId: endpoint, description: text(201) }, [
      'description',
    ]),
    row(
      'updateWebhookEndpoint',
      'everything at once',
      { endpointId: idOf('WebhookEndpoint', 'none'), url: 'x', description: text(201) },
      ['endpointId', 'url', 'description'],
    ),
    ...named.flatMap((mutation) => [
      row(mutation, 'an unknown endpoint', { endpointId: idOf('WebhookEndpoint', 'none') }, ['endpointId']),
      row(mutation, 'the id of another type', { endpointId: idOf('LipSyncTask', 'none') }, ['endpointId']),
    ]),
    row('redeliverWebhook', 'an unknown delivery', { deliveryId: idOf('WebhookDelivery', 'none:1') }, ['deliveryId']),
    row('redeliverWebhook', 'a malformed delivery', { deliveryId: idOf('WebhookDelivery', '::') }, ['deliveryId']),
    row('redeliverWebhook', 'the id of another type', { deliveryId: endpoint }, ['deliveryId']),
  ];
}

const at = (field: string) => [`input.placement.${field}`];

/** `endpoint` is the id of a webhook endpoint that exists. */
export function badInputs(face: string, endpoint: string): readonly BadInput[] {
  return [
    ...URLS.map(([name, url]) => faces(name, { video: { url } }, ['video.url'])),
    faces('an id with a blank', { video: { klingVideoId: 'a b' } }, ['video.klingVideoId']),
    faces('an empty id', { video: { klingVideoId: '' } }, ['video.klingVideoId']),
    faces('a path in an id', { video: { klingVideoId: '../secrets' } }, ['video.klingVideoId']),
    faces('an endless id', { video: { klingVideoId: text(200) } }, ['video.klingVideoId']),
    faces('an external id with a blank', { video: { url: VIDEO }, externalId: 'a b' }, ['externalId']),
    voice('no name', { name: '' }, ['input.name']),
    voice('a name of blanks', { name: '   ' }, ['input.name']),
    voice('a name of 21 characters', { name: text(21) }, ['input.name']),
    voice('a name with a line break', { name: 'a\nb' }, ['input.name']),
    voice('a file that is neither audio nor video', { sample: { url: 'https://example.com/a.gif' } }, [
      'input.sample.url',
    ]),
    voice('a format that only lip-sync takes', { sample: { url: 'https://example.com/a.m4a' } }, ['input.sample.url']),
    voice('an empty video id', { sample: { klingVideoId: '' } }, ['input.sample.klingVideoId']),
    voice('an external id that is too long', { externalId: text(65) }, ['input.externalId']),
    voice('everything at once', { name: text(21), sample: { url: 'http://a.b/c.zip' }, externalId: ' ' }, [
      'input.name',
      'input.sample.url',
      'input.externalId',
    ]),
    speech('no text', { text: '' }, ['speech.text']),
    speech('a text of 1,001 characters', { text: text(1001) }, ['speech.text']),
    speech('a speed below 0.8', { speed: 0.79 }, ['speech.speed']),
    speech('a speed over 2', { speed: 2.01 }, ['speech.speed']),
    speech('no voice', { klingVoiceId: '' }, ['speech.klingVoiceId']),
    speech('a voice id with a line break', { klingVoiceId: 'a\nb' }, ['speech.klingVoiceId']),
    speech('a voice for video models', { klingVoiceId: 'Vm9pY2U6MQ' }, ['speech.klingVoiceId']),
    speech('no language of an unlisted voice', { klingVoiceId: 'new-1', language: null }, ['speech.language']),
    speech('no language of a voice with two', { klingVoiceId: 'genshin_klee2', language: null }, ['speech.language']),
    lipSync(face, 'a malformed session id', { face: { klingFace: { klingSessionId: 'a b', klingFaceId: '0' } } }, [
      'input.face.klingFace.klingSessionId',
    ]),
    lipSync(
      face,
      'a face id of 129 characters',
      { face: { klingFace: { klingSessionId: '1', klingFaceId: text(129) } } },
      ['input.face.klingFace.klingFaceId'],
    ),
    lipSync('nobody', 'an id that names no face', {}, ['input.face.faceId']),
    lipSync('RmFjZTpub25lOjA', 'a face of no scan', {}, ['input.face.faceId']),
    lipSync(face, 'a volume below 0', { audioVolume: -0.1 }, ['input.audioVolume']),
    lipSync(face, 'a volume over 2', { audioVolume: 2.1 }, ['input.audioVolume']),
    lipSync(face, 'an original volume over 2', { originalAudioVolume: 3 }, ['input.originalAudioVolume']),
    lipSync(face, 'a crop that starts before the audio', { placement: { audioStartMs: -1 } }, at('audioStartMs')),
    lipSync(face, 'a crop of 1,999 ms', { placement: { audioEndMs: 1999 } }, at('audioEndMs')),
    lipSync(
      face,
      'a crop that ends before it starts',
      { placement: { audioStartMs: 3000, audioEndMs: 1000 } },
      at('audioEndMs'),
    ),
    lipSync(face, 'a crop past 60 s', { placement: { audioStartMs: 58_000, audioEndMs: 60_001 } }, at('audioEndMs')),
    lipSync(
      face,
      'a crop past the audio',
      { placement: { audioEndMs: 4000 }, audioDurationMs: 3999 },
      at('audioEndMs'),
    ),
    lipSync(face, 'audio that is too short', { audioDurationMs: 1999 }, ['input.audioDurationMs']),
    lipSync(face, 'audio that is too long', { audioDurationMs: 60_001 }, ['input.audioDurationMs']),
    lipSync(face, 'audio before the video', { placement: { insertAtMs: -1 } }, at('insertAtMs')),
    lipSync(face, 'audio past the video', { placement: { insertAtMs: 2001 }, videoDurationMs: 5000 }, at('insertAtMs')),
    lipSync(face, 'audio past the longest video', { placement: { insertAtMs: 58_000 } }, at('insertAtMs')),
    lipSync(face, '1,999 ms on the face', { placement: { insertAtMs: 3014 } }, at('insertAtMs')),
    lipSync(face, 'a video that is too long', { videoDurationMs: 60_001 }, ['input.videoDurationMs']),
    lipSync(face, 'a video that is too short', { videoDurationMs: 1999 }, ['input.videoDurationMs']),
    lipSync(face, 'audio URL of a video', { audio: { url: VIDEO } }, ['input.audio.url']),
    lipSync(face, 'audio at http', { audio: { url: 'http://example.com/a.mp3' } }, ['input.audio.url']),
    lipSync(face, 'an empty audio id', { audio: { klingAudioId: '' } }, ['input.audio.klingAudioId']),
    lipSync(face, 'base64 with invalid characters', { audio: { base64: '***' } }, ['input.audio.base64']),
    lipSync(face, 'base64 of nothing', { audio: { base64: '' } }, ['input.audio.base64']),
    lipSync(face, 'a data URL', { audio: { base64: `data:audio/wav;base64,${wav(3000).toString('base64')}` } }, [
      'input.audio.base64',
    ]),
    lipSync(face, 'base64 of a text', { audio: { base64: Buffer.from(text(4000)).toString('base64') } }, [
      'input.audio.base64',
    ]),
    lipSync(face, 'base64 of over 5 MB', { audio: { base64: Buffer.alloc(5 * 1024 * 1024 + 1).toString('base64') } }, [
      'input.audio.base64',
    ]),
    lipSync(face, 'a WAV shorter than the crop', { audio: { base64: wav(2500).toString('base64') } }, at('audioEndMs')),
    lipSync(face, 'a bad external id', { externalId: 'a/b' }, ['input.externalId']),
    lipSync('nobody', 'everything at once', { audio: { url: 'x' }, audioVolume: 9, placement: { audioEndMs: 1 } }, [
      'input.face.faceId',
      'input.audio.url',
      'input.audioVolume',
      'input.placement.audioEndMs',
    ]),
    lipSyncs(
      'one problem each',
      [{ audioVolume: 2.1 }, { externalId: 'a/b' }, { audio: { url: VIDEO } }],
      ['inputs.0.audioVolume', 'inputs.1.externalId', 'inputs.2.audio.url'],
    ),
    lipSyncs(
      'everything at once',
      [
        { face: { faceId: 'nobody' }, audio: { url: 'x' }, audioVolume: 9 },
        { face: { inVideo: { video: { url: 'http://example.com/clip.mp4' } } }, label: text(81) },
        { face: { inVideo: { video: { task: { externalId: 'none' } } } }, webhookUrl: 'https://10.1.2.3/a' },
      ],
      [
        'inputs.0.face.faceId',
        'inputs.0.audio.url',
        'inputs.0.audioVolume',
        'inputs.1.face.inVideo.video.url',
        'inputs.1.label',
        'inputs.2.face.inVideo.video.task',
        'inputs.2.webhookUrl',
      ],
    ),
    retry('an unknown task', { taskId: idOf('LipSyncTask', 'none') }, ['taskId']),
    retry('the id of another type', { taskId: idOf('Voice', 'none') }, ['taskId']),
    retry('no id at all', { taskId: 'none' }, ['taskId']),
    retry('everything at once', { taskId: idOf('VoiceTask', 'none'), externalId: 'a b' }, ['taskId', 'externalId']),
    ...wrongIds(),
    {
      name: 'updateTask: everything at once',
      mutation: 'updateTask',
      variables: {
        taskId: idOf('VoiceTask', 'none'),
        label: text(81),
        metadata: [{ key: '', value: text(501) }],
      },
      paths: ['taskId', 'label', 'metadata.0.key', 'metadata.0.value'],
    },
    ...webhooks(endpoint),
  ];
}
