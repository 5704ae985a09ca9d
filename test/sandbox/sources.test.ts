import { describe, it } from 'vitest';
import { lipSyncInput, openStillAccount, scan } from './support.ts';

const VOICES = '/v1/general/custom-voices';
const SCANS = '/v1/videos/identify-face';
const LIP_SYNCS = '/v1/videos/advanced-lip-sync';

const at = (path: string): string => `http://localhost:8787/${path}`;

describe('a file on this computer is measured, whatever its name says', () => {
  const scans: readonly [string, string, RegExp | null][] = [
    ['of 10 s that claims 61 s', 'face-10s.mp4/clip-61s.mp4', null],
    ['without ranges', 'face-10s.mp4/clip-61s.mp4?whole', null],
    ['that is an MP3', 'voice-12s.mp3/clip-10s.mp4', /input.videoUrl: unsupported format, only .mp4\/.mov$/],
    ['that is noise', 'face-10s.mp4/clip-10s.mp4?noise', /input.videoUrl: unsupported format/],
    ['that is missing', 'face-10s.mp4/clip-10s.mp4?status=404', /input.videoUrl: failed to download the file/],
    ['whose server fails', 'face-10s.mp4/clip-10s.mp4?status=500', /input.videoUrl: failed to download the file/],
    ['of 511 pixels', 'face-10s.mp4/clip-10s.mp4?width=511', /512px and 2160px, but got 511x720/],
    ['of 512 pixels', 'face-10s.mp4/clip-10s.mp4?width=512', null],
    ['of 100 MB and a byte', 'face-10s.mp4/clip-10s.mp4?claims=100000001', /less than or equal to 100MB/],
    ['of 100 MB', 'face-10s.mp4/clip-10s.mp4?claims=100000000', null],
    ['of a wrong extension', 'face-10s.mp4/clip-10s.avi', /unsupported format .avi/],
  ];
  it.for(scans)('a video %s', async ([, path, refusal], { expect }) => {
    const account = await openStillAccount('fetched-scan');
    const answer = await account.post(SCANS, { video_url: at(path) });
    if (refusal !== null) {
      expect(answer).toMatchObject({ httpStatus: 400, code: 1201, message: expect.stringMatching(refusal) });
      return;
    }
    expect(answer.data.face_data[0].end_time).toBe(10_013);
  });

  const samples: readonly [string, string, RegExp | null][] = [
    ['of 12 s that claims 40 s', 'voice-12s.mp3/narrator-40s.mp3', null],
    ['with a picture', 'face-10s.mp4/narrator-40s.mp4', null],
    ['that is a picture', 'face-1.png/narrator-12s.mp3', /input.voiceUrl: unsupported format/],
    ['that is missing', 'voice-12s.mp3/narrator-12s.mp3?status=403', /input.voiceUrl: failed to download the file/],
  ];
  it.for(samples)('a voice sample %s', async ([, path, refusal], { expect }) => {
    const account = await openStillAccount('fetched-sample');
    const answer = await account.post(VOICES, { voice_name: 'Ann', voice_url: at(path) });
    if (refusal === null) expect(answer.code).toBe(0);
    else expect(answer).toMatchObject({ code: 1201, message: expect.stringMatching(refusal) });
  });

  it('the audio of a lip-sync', async ({ expect }) => {
    const account = await openStillAccount('fetched-audio');
    const choice = await scan(account, at('face-10s.mp4/clip.mp4'));
    const post = async (path: string, endMs: number) =>
      await account.post(
        LIP_SYNCS,
        lipSyncInput(choice, { sound_file: at(path), sound_start_time: endMs - 2000, sound_end_time: endMs }),
      );
    expect((await post('voice-12s.mp3/hello-5s.mp3', 12_000)).code).toBe(0);
    expect((await post('voice-12s.mp3/hello-20s.mp3', 12_001)).message).toContain('(12000ms)');
    expect((await post('face-10s.mp4/hello-5s.mp3', 3000)).message).toContain('.mp3/.wav/.m4a/.aac');
    expect((await post('voice-12s.mp3/a.mp3?claims=5242881', 3000)).message).toContain('5MB');
  });
});

describe('a file elsewhere', () => {
  it('is measured at the origin of the callbacks and on the host of the sandbox only', async ({ expect }) => {
    const account = await openStillAccount('fetched-gateway');
    const answerTo = async (origin: string) =>
      await account.post(VOICES, {
        voice_name: 'Ann',
        voice_url: `${origin}/face-1.png/narrator-12s.mp3`,
        callback_url: 'https://gateway.test/callbacks',
      });
    expect((await answerTo('https://gateway.test')).message).toContain('unsupported format');
    // The receiver of the tests refuses requests to the sandbox.
    expect((await answerTo('https://sandbox.test')).message).toContain('failed to download');
    expect((await answerTo('https://other.test')).code).toBe(0);
  });
});

it('audio in base64 is measured by its bytes', async ({ expect }) => {
  const account = await openStillAccount('base64-audio');
  const choice = await scan(account);
  const bytes = new Uint8Array(await (await fetch('http://localhost/voice-12s.mp3/voice.mp3?whole')).arrayBuffer());
  const base64 = btoa(String.fromCharCode(...bytes.subarray(0, 36_000)));
  const post = async (endMs: number) =>
    await account.post(
      LIP_SYNCS,
      lipSyncInput(choice, { sound_file: base64, sound_start_time: 9000, sound_end_time: endMs }),
    );
  expect((await post(12_000)).code).toBe(0);
  expect((await post(12_001)).message).toContain('(12000ms)');
});
