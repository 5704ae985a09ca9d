import { it } from 'vitest';
import noFacesNoSession from '../fixtures/kling/faces-none-no-session.json?raw';
import noFacesRefused from '../fixtures/kling/faces-none-refused.json?raw';
import noFaces from '../fixtures/kling/faces-none.json?raw';
import faces from '../fixtures/kling/faces.json?raw';
import { createUpstream, HOST, klingErrorOf, refusal } from './support.ts';

const SCAN = { video: { url: 'https://files.test/video.mp4' } };

it('identifyFaces returns the faces, and accepts "0" as an id', async ({ expect }) => {
  const { client, requests } = createUpstream([faces]);
  expect(await client.identifyFaces(SCAN)).toEqual({
    sessionId: '850508686686064678',
    faces: [
      { faceId: '0', imageUrl: 'https://p1-kling.klingai.com/face0.jpg', startMs: 0, endMs: 5200 },
      { faceId: '1', imageUrl: null, startMs: 1200, endMs: 5208 },
    ],
    unitsDeducted: '0.05',
    klingRequestId: 'req-if-1',
  });
  expect(requests[0]?.url).toBe(`${HOST}/v1/videos/identify-face`);
  expect(requests[0]?.body).toEqual({ video_url: 'https://files.test/video.mp4' });
});

it('identifyFaces sends a video of Kling by its id', async ({ expect }) => {
  const { client, requests } = createUpstream([faces]);
  await client.identifyFaces({ video: { videoId: '850' } });
  expect(requests[0]?.body).toEqual({ video_id: '850' });
});

it('identifyFaces returns a scan without faces for a session without faces', async ({ expect }) => {
  const { client } = createUpstream([noFaces]);
  expect(await client.identifyFaces(SCAN)).toMatchObject({ sessionId: '850508686686064679', faces: [] });
});

it('identifyFaces reports a missing face if Kling refuses the video for it', async ({ expect }) => {
  const { client, events } = createUpstream([{ status: 400, body: noFacesRefused }]);
  const { failure, outcome } = await klingErrorOf(client.identifyFaces(SCAN));
  expect(failure).toEqual({
    code: 'NO_FACE_DETECTED',
    message: 'Kling found no face in this video.',
    retryable: false,
    klingCode: 1201,
    klingRequestId: 'req-if-4',
    isFromKling: true,
  });
  expect(outcome).toBe('REFUSED');
  expect(events[0]).toMatchObject({ outcome: 'FAILED', klingCode: 1201 });
});

it('identifyFaces reports a missing face without faces and session, as a call that may be billed', async ({
  expect,
}) => {
  const { client } = createUpstream([noFacesNoSession]);
  const { failure, outcome } = await klingErrorOf(client.identifyFaces(SCAN));
  expect(failure).toMatchObject({ code: 'NO_FACE_DETECTED', message: 'Kling found no face in this video.' });
  expect(outcome).toBe('UNKNOWN');
});

it('identifyFaces returns a scan without faces for a refusal with a session', async ({ expect }) => {
  const body = JSON.stringify({ code: 1201, message: 'there is no human in the video', data: { session_id: 's' } });
  const { client } = createUpstream([{ status: 400, body }]);
  expect(await client.identifyFaces(SCAN)).toMatchObject({ sessionId: 's', faces: [], klingRequestId: null });
});

it.for([
  ['NO_FACE_DETECTED', 1201, 'No face detected'],
  ['NO_FACE_DETECTED', 1300, 'there is no human in the video'],
  ['NO_FACE_DETECTED', 1201, 'faces not found in video'],
  ['NO_FACE_DETECTED', 1201, 'Video has no valid human face'],
  ['BAD_USER_INPUT', 1201, 'video_url: unsupported format'],
  ['BAD_USER_INPUT', 1201, 'The face video is too long'],
  ['RATE_LIMITED', 1303, 'no person has a free slot'],
] as const)('identifyFaces is refused as %s for %i %s', async ([expected, code, text], { expect }) => {
  const { client } = createUpstream([refusal(code, 400, text)]);
  const { failure } = await klingErrorOf(client.identifyFaces(SCAN));
  expect(failure.code).toBe(expected);
});

it('identifyFaces cannot read faces without a session', async ({ expect }) => {
  const body = JSON.stringify({ code: 0, data: { face_data: [{ face_id: '0', start_time: 0, end_time: 1 }] } });
  const { client } = createUpstream([body]);
  const { failure, outcome } = await klingErrorOf(client.identifyFaces(SCAN));
  expect([failure.code, failure.retryable, outcome]).toEqual(['UPSTREAM_UNAVAILABLE', false, 'UNKNOWN']);
});
