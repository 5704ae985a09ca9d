import { describe, it } from 'vitest';
import { lipSyncInput, openAccount, openStillAccount, scan, voiceInput } from './support.ts';

const video = 'https://e.com/clip.mp4';
const speech = { text: 'Hello', voice_id: 'AOT', voice_language: 'en' };

describe('the sandbox refuses with 1201', () => {
  const cases: readonly [string, string, Record<string, unknown>, RegExp][] = [
    ['a voice without a name', 'general/custom-voices', { voice_url: video }, /input.voiceName: must not be blank/],
    ['a voice with a blank name', 'general/custom-voices', { ...voiceInput, voice_name: ' ' }, /input.voiceName/],
    ['a voice with a number for a name', 'general/custom-voices', { ...voiceInput, voice_name: 5 }, /must be a string/],
    [
      'a voice with a name of 21 characters',
      'general/custom-voices',
      { ...voiceInput, voice_name: 'x'.repeat(21) },
      /size/,
    ],
    ['a voice without a source', 'general/custom-voices', { voice_name: 'A', voice_url: '' }, /cannot both be empty/],
    [
      'a voice from a text that is not a URL',
      'general/custom-voices',
      { ...voiceInput, voice_url: 'ann.mp3' },
      /valid URL/,
    ],
    ['a voice from FTP', 'general/custom-voices', { ...voiceInput, voice_url: 'ftp://e.com/a.mp3' }, /valid URL/],
    [
      'a voice from a FLAC',
      'general/custom-voices',
      { ...voiceInput, voice_url: 'https://e.com/a.flac' },
      /format .flac/,
    ],
    [
      'a voice from an M4V',
      'general/custom-voices',
      { ...voiceInput, voice_url: 'https://e.com/a.m4v' },
      /format .m4v, only .mp3\/.wav\/.mp4\/.mov$/,
    ],
    ['a voice from 4 s', 'general/custom-voices', { ...voiceInput, voice_url: 'https://e.com/a-4s.mp3' }, /5s and 30s/],
    [
      'a voice from 31 s',
      'general/custom-voices',
      { ...voiceInput, voice_url: 'https://e.com/a-31s.mov' },
      /5s and 30s/,
    ],
    [
      'a voice from an unknown video',
      'general/custom-voices',
      { voice_name: 'A', video_id: '1' },
      /Video id not found/,
    ],
    [
      'a callback URL that is not a URL',
      'general/custom-voices',
      { ...voiceInput, callback_url: 'here' },
      /input.callbackUrl/,
    ],
    ['a scan without a video', 'videos/identify-face', {}, /cannot both be empty/],
    ['a scan of two videos', 'videos/identify-face', { video_url: video, video_id: 'x' }, /mutually exclusive/],
    ['a scan of an AVI', 'videos/identify-face', { video_url: 'https://e.com/a.avi' }, /format .avi/],
    ['a scan of an M4V', 'videos/identify-face', { video_url: 'https://e.com/a.M4V' }, /format .m4v, only .mp4\/.mov$/],
    ['a scan of 1 s', 'videos/identify-face', { video_url: 'https://e.com/a-1s.mp4' }, /2s and 60s/],
    ['a scan of 61 s', 'videos/identify-face', { video_id: 'sandbox-video-61s' }, /2s and 60s/],
    ['a scan of 511 pixels', 'videos/identify-face', { video_url: 'https://e.com/a-720x511.mp4' }, /512px and 2160px/],
    [
      'a scan of 2161 pixels',
      'videos/identify-face',
      { video_url: 'https://e.com/a-2161x720.mp4' },
      /512px and 2160px/,
    ],
    ['a scan of 480p', 'videos/identify-face', { video_url: 'https://e.com/a-854x512.mp4' }, /720p or 1080p/],
    ['a scan of 1440p', 'videos/identify-face', { video_url: 'https://e.com/a-2160x1440.mp4' }, /but got 2160x1440/],
    ['a scan of a small square', 'videos/identify-face', { video_url: 'https://e.com/a-900x900.mp4' }, /720p or 1080p/],
    ['a scan of 101 MB', 'videos/identify-face', { video_url: 'https://e.com/a-101mb.mp4' }, /100MB/],
    ['a scan of an unknown video', 'videos/identify-face', { video_id: '12' }, /Video id not found/],
    ['a deletion without a voice', 'general/delete-voices', {}, /input.voiceId/],
    ['a deletion of an unknown voice', 'general/delete-voices', { voice_id: '1' }, /Voice id not found/],
    ['a speech without text', 'audio/tts', { ...speech, text: '' }, /input.text/],
    ['a speech of 1001 characters', 'audio/tts', { ...speech, text: 'x'.repeat(1001) }, /between 1 and 1000/],
    ['a speech without a voice', 'audio/tts', { ...speech, voice_id: undefined }, /input.voiceId/],
    ['a speech in French', 'audio/tts', { ...speech, voice_language: 'fr' }, /one of zh, en/],
    ['a speech by a preset voice', 'audio/tts', { ...speech, voice_id: '829824295735410756' }, /Voice id not found/],
    [
      'a speech too slow',
      'audio/tts',
      { ...speech, voice_speed: 0.7 },
      /input.voiceSpeed: must be greater than or equal to 0.8/,
    ],
    [
      'a speech too fast',
      'audio/tts',
      { ...speech, voice_speed: 2.1 },
      /input.voiceSpeed: must be less than or equal to 2.0/,
    ],
  ];
  it.for(cases)('%s', async ([, path, body, message], { expect }) => {
    const account = openAccount('validation');
    expect(await account.post(`/v1/${path}`, body)).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: expect.stringMatching(message),
    });
    expect(await account.record()).toMatchObject({ tasks: [], unitsCharged: 0 });
  });
});

describe('the sandbox scans a video of', () => {
  it.for([
    '1280x720',
    '720x1280',
    '1920x1080',
    '1080x1920',
    '960x960',
    '1440x1440',
    '1920x1088',
    '1280x544',
    '2160x1080',
  ])('%s pixels', async (size, { expect }) => {
    const scanned = await openAccount('sizes').post('/v1/videos/identify-face', {
      video_url: `https://e.com/a-${size}.mp4`,
    });
    expect(scanned.code).toBe(0);
  });
});

describe('the sandbox refuses a lip-sync on a video of 10 s with 1201', () => {
  const tooLarge = btoa('RIFF....WAVE').padEnd(7_000_000, 'A');
  const cases: readonly [string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    ['without a session', {}, { session_id: '' }, /input.sessionId/],
    ['of an unknown session', {}, { session_id: '1' }, /Session id not found/],
    ['without face_choose', {}, { face_choose: undefined }, /input.faceChoose: must be an array/],
    ['with no face', {}, { face_choose: [] }, /size must be 1/],
    ['with two faces', {}, { face_choose: [{}, {}] }, /size must be 1/],
    ['with a face that is not an object', {}, { face_choose: ['x'] }, /must be an object/],
    ['with a face of another session', { face_id: '0' }, {}, /Face id not found/],
    ['without audio', { sound_file: '' }, {}, /cannot both be empty/],
    ['with two sources of audio', { audio_id: 'x' }, {}, /mutually exclusive/],
    ['with an unknown audio', { sound_file: null, audio_id: '1' }, {}, /Audio id not found/],
    ['with an OGG', { sound_file: 'https://e.com/a.ogg' }, {}, /format .ogg/],
    ['with audio of 1 s', { sound_file: 'https://e.com/a-1s.mp3' }, {}, /2s and 60s/],
    ['with audio of 61 s', { sound_file: 'https://e.com/a-61s.aac' }, {}, /2s and 60s/],
    ['with text that is not base64', { sound_file: 'what is this?' }, {}, /valid URL or Base64/],
    ['with a data: prefix', { sound_file: 'data:audio/mpeg;base64,AAAA' }, {}, /valid URL or Base64/],
    ['with bytes that are not audio', { sound_file: btoa('hello world, no audio') }, {}, /unsupported format/],
    ['with more than 5 MB', { sound_file: tooLarge }, {}, /5MB/],
    ['without a start', { sound_start_time: undefined }, {}, /input.soundStartTime: must not be null/],
    ['without an end', { sound_end_time: null }, {}, /input.soundEndTime/],
    ['with half a millisecond', { sound_insert_time: 0.5 }, {}, /must be an integer/],
    ['with a negative start', { sound_start_time: -1 }, {}, /input.soundStartTime: must be greater than or equal to 0/],
    ['that inserts before the video', { sound_insert_time: -1 }, {}, /input.soundInsertTime/],
    ['cropped to 1,999 ms', { sound_start_time: 1, sound_end_time: 2000 }, {}, /shorter than 2s/],
    ['cropped the wrong way round', { sound_start_time: 3000, sound_end_time: 1000 }, {}, /shorter than 2s/],
    ['cropped past the audio', { sound_end_time: 5001 }, {}, /total duration/],
    ['that ends after the video', { sound_insert_time: 7001 }, {}, /later than the video/],
    ['too quiet', { sound_volume: -0.1 }, {}, /input.soundVolume/],
    ['too loud', { sound_volume: 2.1 }, {}, /input.soundVolume: must be less than or equal to 2.0/],
    ['with an original too loud', { original_audio_volume: 3 }, {}, /input.originalAudioVolume/],
    ['with a volume in words', { sound_volume: 'loud' }, {}, /must be a number/],
    ['with a watermark that is not a boolean', {}, { watermark_info: { enabled: 'yes' } }, /watermarkInfo/],
    ['with a callback URL that is not a URL', {}, { callback_url: 'x' }, /input.callbackUrl/],
  ];
  it.for(cases)('%s', async ([, choice, rest, message], { expect }) => {
    const account = await openStillAccount('lip-validation');
    const input = lipSyncInput(await scan(account), choice, rest);
    expect(await account.post('/v1/videos/advanced-lip-sync', input)).toMatchObject({
      httpStatus: 400,
      code: 1201,
      message: expect.stringMatching(message),
    });
    expect((await account.record()).tasks).toEqual([]);
  });

  it('if it overlaps with the face for less than 2 s', async ({ expect }) => {
    const account = await openStillAccount('lip-overlap');
    const { data } = await account.post('/v1/videos/identify-face', {
      video_url: 'https://e.com/sandbox-two-faces.mp4',
    });
    const choice = { sessionId: data.session_id, faceId: data.face_data[1].face_id };
    const start = data.face_data[1].start_time;
    const post = async (insertMs: number) =>
      await account.post('/v1/videos/advanced-lip-sync', lipSyncInput(choice, { sound_insert_time: insertMs }));
    expect(await post(start - 1001)).toMatchObject({ code: 1201, message: expect.stringContaining('overlap') });
    expect(await post(start - 1000)).toMatchObject({ code: 0 });
  });

  it('but accepts it at every limit', async ({ expect }) => {
    const account = await openStillAccount('lip-limits');
    const choice = await scan(account);
    for (const fields of [
      { sound_start_time: 0, sound_end_time: 5000, sound_insert_time: 5000, sound_volume: 0, original_audio_volume: 2 },
      { sound_start_time: 3000, sound_end_time: 5000, sound_insert_time: 0 },
      { sound_file: 'https://e.com/a-60s.wav', sound_start_time: 50_000, sound_end_time: 60_000, sound_insert_time: 0 },
      { sound_file: 'https://e.com/no-extension' },
      { sound_file: btoa('ID3 and the rest') },
      { sound_file: undefined, audio_id: 'sandbox-audio-1' },
    ]) {
      expect((await account.post('/v1/videos/advanced-lip-sync', lipSyncInput(choice, fields))).code).toBe(0);
    }
  });
});

describe('the sandbox refuses a page with 1201', () => {
  const lists = [
    ['/v1/general/custom-voices', 1000],
    ['/v1/general/presets-voices', 1000],
    ['/v1/videos/advanced-lip-sync', 500],
  ] as const;
  it.for(lists)('of %s beyond page 1000 or a size of %i', async ([path, sizeMax], { expect }) => {
    const account = openAccount('paging');
    for (const query of [
      'pageNum=0',
      'pageNum=1001',
      'pageNum=x',
      'pageSize=0',
      'pageSize=1.5',
      `pageSize=${sizeMax + 1}`,
    ]) {
      expect(await account.get(`${path}?${query}`)).toMatchObject({ httpStatus: 400, code: 1201 });
    }
    expect((await account.get(`${path}?pageNum=1000&pageSize=${sizeMax}`)).code).toBe(0);
  });
});
