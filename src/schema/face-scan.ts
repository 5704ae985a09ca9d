import type { StoredFile } from '../domain/media.ts';
import type { Face, FaceScan } from '../domain/records.ts';
import type { VideoInput } from '../domain/sources.ts';
import { withCost } from '../lib/field-cost.ts';
import { builder, definedOnly, toConnection, toWindow, WINDOW_COST, windowArgs, taskHandleOf } from './builder.ts';
import { PAID_FAILURES } from './failures.ts';
import { fileOf, fileUrlOf, withMediaId } from './media.ts';
import { TaskReferenceInputRef } from './task.ts';
import { toVideo, VideoRef } from './audio-video.ts';

/** A face and the id of its scan. Kling's face ids are unique only within a scan. */
interface ScannedFace {
  readonly scanId: string;
  readonly face: Face;
  /** Missing if the face is shown without its scan, as in a task. */
  readonly scan?: FaceScan;
  /** The copy of its picture. Missing if there is no copy, and without the scan. */
  readonly picture?: StoredFile | undefined;
}

export const FaceRef = builder.node(builder.objectRef<ScannedFace>('Face'), {
  description: 'A face in a video. Someone who is out of sight for more than a second comes back as another face.',
  id: { resolve: ({ scanId, face }) => `${scanId}:${face.faceId}` },
  async loadOne(id, { ledger }) {
    const colon = id.indexOf(':');
    if (colon < 1) return null;
    const scan = await ledger.faceScan(id.slice(0, colon));
    return scan === null ? null : (facesOf(scan).find(({ face }) => face.faceId === id.slice(colon + 1)) ?? null);
  },
  fields: (t) => ({
    klingFaceId: t.string({
      description: 'Unique within the scan only, often `0`. `FaceInput.faceId` takes `id` instead.',
      resolve: ({ face }) => face.faceId,
    }),
    imageUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        "A picture of the face, cut from the video: the gateway's copy if there is one. A task shows the link at Kling. Null if Kling sent none.",
      resolve: ({ face, picture }, _args, context) => fileUrlOf(picture, context) ?? face.imageUrl,
    }),
    startMs: t.int({
      description: 'Start of the interval that can be lip-synced, in milliseconds from the start of the video.',
      resolve: ({ face }) => face.startMs,
    }),
    endMs: t.int({
      description:
        'End of that interval, in milliseconds from the start of the video. Kling overstates it by some milliseconds.',
      resolve: ({ face }) => face.endMs,
    }),
  }),
});

/** An assumption for the cost of lists. Kling states no bound, but a video of 60 s rarely shows more people. */
const FACES_PER_SCAN = 20;

const FaceScanRef = builder.node(builder.objectRef<FaceScan>('FaceScan'), {
  description: 'The faces that Kling found in a video.',
  id: { resolve: (scan) => scan.id },
  loadOne: (id, { ledger }) => ledger.faceScan(id),
  fields: (t) => ({
    externalId: t.string({
      nullable: true,
      description: "The caller's own id, given when the scan was made. Null if none was given.",
      resolve: ({ externalId }) => externalId,
    }),
    video: t.field({
      type: VideoRef,
      description: 'The video that was scanned. All of its fields are null in a scan that version 0.1 made.',
      resolve: ({ video, videoDurationMs }) => toVideo({ ...video, file: fileOf(video), durationMs: videoDurationMs }),
    }),
    klingSessionId: t.exposeString('sessionId', { description: "Kling's `session_id`, for Kling's support." }),
    faces: t.field({
      type: [FaceRef],
      description: "In Kling's order. Empty if there is no usable face. The scan is charged all the same.",
      extensions: withCost({ max: FACES_PER_SCAN }),
      resolve: facesOf,
    }),
    unitsCharged: t.expose('unitsDeducted', {
      type: 'Decimal',
      nullable: true,
      description: 'Cost in units, as Kling reports it. Null if unknown.',
    }),
    createdAt: t.expose('createdAtMs', { type: 'DateTime', description: 'When Kling answered.' }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      description: '24 hours after `createdAt`. Later the video has to be scanned again.',
    }),
    klingRequestId: t.exposeString('klingRequestId', {
      nullable: true,
      description: "Kling's id of the request, for Kling's support. Null if Kling did not send it.",
    }),
  }),
});

builder.objectField(FaceRef, 'scan', (t) =>
  t.field({
    type: FaceScanRef,
    nullable: true,
    description: 'The scan that found the face. Null in a task whose scan is no longer kept.',
    extensions: withCost({ call: true }),
    resolve: ({ scan, scanId }, _args, { ledger }) => scan ?? ledger.faceScan(scanId),
  }),
);

const FaceScanConnectionRef = builder.connectionObject(
  { type: FaceScanRef, name: 'FaceScanConnection', description: "A page of the caller's face scans." },
  { description: 'A face scan and its position in the list.' },
);

builder.queryFields((t) => ({
  faceScans: t.field({
    type: FaceScanConnectionRef,
    description: "Lists the caller's face scans that are still kept, newest first.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.faceScans(window), window);
    },
  }),
}));

export const VideoInputRef = builder.inputType('VideoInput', {
  description: 'A video: MP4 or MOV, 2 to 60 s, at most 100 MB, 720p or 1080p, each side 512 to 2160 pixels.',
  isOneOf: true,
  fields: (t) => ({
    mediaId: t.globalID({
      required: false,
      description:
        'The `id` of a `Media` that is `READY`, or, for a lip-sync, will be. Kling gets a URL of the file that ends after a day, or when the file is deleted.',
    }),
    task: t.field({
      type: TaskReferenceInputRef,
      required: false,
      description:
        'A lip-sync task whose result is the video. A lip-sync waits for it, so that a second face can be made to speak.',
    }),
    url: t.string({
      required: false,
      description: 'A public `https` URL. Kling fetches it, not the gateway.',
    }),
    klingVideoId: t.string({
      required: false,
      description:
        'A video that Kling made in the last 30 days, here or elsewhere. One that another tenant made here does not exist.',
    }),
  }),
});

const KlingFaceInputRef = builder.inputType('KlingFaceInput', {
  description: "A face by Kling's own ids.",
  fields: (t) => ({
    klingSessionId: t.string({ description: "Kling's `session_id` of the scan, as in `FaceScan.klingSessionId`." }),
    klingFaceId: t.string({ description: "Kling's `face_id`, as in `Face.klingFaceId`. Unique within the scan only." }),
  }),
});

const FaceInVideoInputRef = builder.inputType('FaceInVideoInput', {
  description: 'A video, and which of the people in it speaks.',
  fields: (t) => ({
    video: t.field({ type: VideoInputRef, description: 'The video. An upload that is not finished is waited for.' }),
    index: t.int({
      required: false,
      description: "Position in Kling's list of faces, from 0. Null picks the face that is seen longest.",
    }),
  }),
});

/** The face of a lip-sync. */
export const FaceInputRef = builder.inputType('FaceInput', {
  description: 'The face that a lip-sync makes speak.',
  isOneOf: true,
  fields: (t) => ({
    faceId: t.globalID({
      required: false,
      description: 'The `id` of a `Face` of a scan that is at most 24 hours old.',
    }),
    inVideo: t.field({
      type: FaceInVideoInputRef,
      required: false,
      description:
        'A face in a video that the task scans. Costs 0.05 units. The same file is not scanned again within 24 hours.',
    }),
    klingFace: t.field({
      type: KlingFaceInputRef,
      required: false,
      description:
        'A face of a scan that was made elsewhere. Kling checks its interval and the age of its scan. A face that another tenant found here does not exist.',
    }),
  }),
});

const FaceScanResultRef = builder.errorUnion('FaceScanResult', {
  description: 'The scan, which is complete, or why the video was not scanned.',
  types: [FaceScanRef, ...PAID_FAILURES],
  resolveType: () => 'FaceScan',
});

builder.mutationField('identifyFaces', (t) =>
  t.field({
    type: FaceScanResultRef,
    nullable: true,
    description: 'Finds the faces in a video, and waits for the answer. Costs 0.05 units, also when there is no face.',
    args: {
      video: t.arg({ type: VideoInputRef, description: 'The video to find the faces in.' }),
      externalId: t.arg.string({
        required: false,
        description:
          "The caller's own id of the scan, 1 to 64 of `A-Z a-z 0-9 . _ : -`. Repeating a call with it returns the same scan and costs nothing, as long as the id is kept, 30 days by default. Another video is a `ConflictError`. Null makes a new scan each time.",
      }),
    },
    resolve: (_root, { video, ...args }, { ledger }) =>
      ledger.write('identifyFaces', { ...definedOnly(args), video: toVideoInput(video) }),
  }),
);

/** Decodes the ids of a video. An id of another type becomes an empty text, which the ledger refuses. */
export function toVideoInput({ task, ...video }: typeof VideoInputRef.$inferInput): VideoInput {
  if (task === null || task === undefined) return withMediaId(video);
  const { id, externalId } = task;
  const handle = id === null || id === undefined ? null : taskHandleOf(id);
  const taskId = handle?.kind === 'LIP_SYNC' ? handle.id : '';
  return { ...withMediaId(video), task: typeof externalId === 'string' ? { externalId } : { id: taskId } };
}

function facesOf(scan: FaceScan): ScannedFace[] {
  return scan.faces.map((face, at) => ({ scanId: scan.id, face, scan, picture: scan.archive?.files[`face:${at}`] }));
}
