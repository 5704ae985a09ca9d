import type { GatewayContext } from '../domain/ports.ts';
import {
  CONTENT_TYPES,
  type FileUrls,
  MEDIA_KINDS,
  MEDIA_STATUSES,
  type MediaKind,
  type MediaRecord,
  type MediaStatus,
  type StoredFile,
} from '../domain/media.ts';
import type { KeptVideo } from '../domain/records.ts';
import { InvalidInputError } from '../errors.ts';
import { withCost } from '../lib/field-cost.ts';
import {
  builder,
  definedOnly,
  enumValues,
  type GlobalId,
  idOf,
  toConnection,
  toWindow,
  WINDOW_COST,
  windowArgs,
} from './builder.ts';
import { DeletionResultRef, IssueRef } from './failures.ts';

const KIND_MEANING = {
  AUDIO: 'MP3, WAV, M4A or AAC, at most 5 MB.',
  VIDEO: 'MP4 or MOV, at most 100 MB.',
} as const satisfies Record<MediaKind, string>;

const MediaKindRef = builder.enumType('MediaKind', {
  description: 'What a file is used for. The sample of a voice may be either.',
  values: enumValues(MEDIA_KINDS, KIND_MEANING),
});

const STATUS_MEANING = {
  UPLOADING: 'Bytes are missing: send them to `upload.url`.',
  CHECKING: 'The bytes are fetched, or are being read. Reading takes about a second.',
  READY: 'Kling can use the file.',
  REJECTED: 'Kling would refuse the file; `problems` says why.',
} as const satisfies Record<MediaStatus, string>;

/** The most problems and tracks of a file that are assumed for the cost of lists. */
const PROBLEMS_MAX = 5;
const CODECS_MAX = 4;

/** An unfinished upload, with the URL that its bytes are sent to. */
interface Upload {
  readonly media: MediaRecord;
  readonly files: FileUrls;
  readonly tenant: string;
}

const MediaUploadRef = builder.objectRef<Upload>('MediaUpload').implement({
  description: 'An upload whose bytes are not all there.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description:
        'Speaks tus 1.0, in chunks of at most 8 MiB; a single `PUT` of at most 50 MiB works too. The URL itself is the permission: share it only with who uploads the file.',
      resolve: ({ media: { id, kind, bytes, sha256, expiresAtMs }, files, tenant }) =>
        files.uploadUrl({ tenant, mediaId: id, kind, bytes: bytes ?? 0, sha256, expiresAtMs }),
    }),
    receivedBytes: t.int({
      description:
        'How many bytes are stored durably. An upload continues there. Null beside an `UPSTREAM_UNAVAILABLE` error if it cannot be read.',
      extensions: withCost({ call: true }),
      resolve: ({ media }, _args, { ledger }) => ledger.receivedBytes(media.id),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the unfinished upload is deleted, a day after its creation.',
      resolve: ({ media }) => media.expiresAtMs,
    }),
  }),
});

export const MediaRef = builder.node(builder.objectRef<MediaRecord>('Media'), {
  description: "A file of the caller's, kept by the gateway.",
  id: { resolve: ({ id }) => id },
  loadOne: (id, { ledger }) => ledger.mediaById(id),
  fields: (t) => ({
    kind: t.expose('kind', { type: MediaKindRef, description: 'What the file is used for.' }),
    status: t.expose('status', {
      type: builder.enumType('MediaStatus', {
        description: 'How far a file is. `READY` and `REJECTED` are final.',
        values: enumValues(MEDIA_STATUSES, STATUS_MEANING),
      }),
      description: 'How far the file is. It becomes `READY` or `REJECTED` without a further call.',
    }),
    problems: t.field({
      type: [IssueRef],
      description: 'Why the file was rejected. Empty otherwise.',
      extensions: withCost({ max: PROBLEMS_MAX }),
      resolve: ({ problems }) => problems,
    }),
    upload: t.field({
      type: MediaUploadRef,
      nullable: true,
      description: 'Where to send the bytes. Null unless `status` is `UPLOADING`.',
      resolve: (media, _args, { files, viewer }) =>
        media.status === 'UPLOADING' && files !== null ? { media, files, tenant: viewer.tenant } : null,
    }),
    fileName: t.exposeString('fileName', {
      nullable: true,
      description: 'The name that was given. Null if none was given, and for a fetched file.',
    }),
    contentType: t.string({
      nullable: true,
      description: 'As found in the file, whatever was given. Null until the file is checked, and if it is unreadable.',
      resolve: ({ facts }) => (facts === null ? null : CONTENT_TYPES[facts.extension]),
    }),
    bytes: t.exposeInt('bytes', {
      nullable: true,
      description: 'Size of the whole file in bytes. Null for a URL that is not fetched yet.',
    }),
    sha256: t.exposeString('sha256', {
      nullable: true,
      description: 'In lower-case hexadecimal. As it was given until all bytes are there. Null if unknown.',
    }),
    durationMs: t.int({
      nullable: true,
      description: 'Length in milliseconds. Null until the file is checked, and if it is unreadable.',
      resolve: ({ facts }) => facts?.durationMs,
    }),
    width: t.int({
      nullable: true,
      description: 'Pixels as shown, after rotation. Null for audio, and as `durationMs`.',
      resolve: ({ facts }) => facts?.width,
    }),
    height: t.int({
      nullable: true,
      description: 'Pixels as shown, after rotation. Null for audio, and as `durationMs`.',
      resolve: ({ facts }) => facts?.height,
    }),
    codecs: t.stringList({
      description: 'As found in the file, such as `avc` and `aac`, the video first. Empty until the file is checked.',
      extensions: withCost({ max: CODECS_MAX }),
      resolve: ({ facts }) => facts?.codecs ?? [],
    }),
    url: t.field({
      type: 'URL',
      nullable: true,
      description:
        'Where to play or download the file, with range requests. Valid for at least a day: read it again instead of storing it. The URL itself is the permission. Null until `READY`.',
      resolve: ({ id, status, facts }, _args, context) =>
        status === 'READY' && facts !== null ? fileUrlOf({ id, extension: facts.extension }, context) : null,
    }),
    createdAt: t.expose('createdAtMs', { type: 'DateTime', description: 'When `createMedia` was called.' }),
    expiresAt: t.expose('expiresAtMs', {
      type: 'DateTime',
      description:
        'When the file is deleted: a day after its creation if bytes are missing then, else 30 days after it by default.',
    }),
  }),
});

/** Returns the file of what is kept of an input. Null if it was given in another way. */
export function fileOf({ mediaId, extension }: KeptVideo = {}): StoredFile | null {
  return mediaId === undefined || extension === undefined ? null : { id: mediaId, extension };
}

/** Decodes the id of a file in an input. An id of another type becomes an empty text, which the ledger refuses. */
export function withMediaId<T extends { readonly mediaId?: GlobalId | null | undefined }>({ mediaId, ...input }: T) {
  const given = mediaId === null || mediaId === undefined ? {} : { mediaId: idOf('Media', mediaId) ?? '' };
  return { ...definedOnly(input), ...given };
}

const MediaConnectionRef = builder.connectionObject(
  { type: MediaRef, name: 'MediaConnection', description: "A page of the caller's files." },
  { description: 'A file and its position in the list.' },
);

builder.queryField('media', (t) =>
  t.field({
    type: MediaConnectionRef,
    description: "Lists the caller's files that are still kept, newest first.",
    args: windowArgs(),
    extensions: withCost(WINDOW_COST),
    async resolve(_root, args, { ledger }) {
      const window = toWindow(args);
      return toConnection(await ledger.media(window), window);
    },
  }),
);

const MediaFileInputRef = builder.inputType('MediaFileInput', {
  description: 'A file that will be uploaded.',
  fields: (t) => ({
    bytes: t.int({ description: 'Size of the whole file in bytes, at least 1.' }),
    contentType: t.string({
      required: false,
      description: 'At most 255 characters. The gateway reads the type from the file itself.',
    }),
    fileName: t.string({ required: false, description: '1 to 255 characters on one line. Shown as `Media.fileName`.' }),
    sha256: t.string({
      required: false,
      description: '64 hexadecimal digits. The upload is rejected if its bytes do not match.',
    }),
  }),
});

const MediaSourceInputRef = builder.inputType('MediaSourceInput', {
  description: 'Where the bytes come from.',
  isOneOf: true,
  fields: (t) => ({
    file: t.field({ type: MediaFileInputRef, required: false, description: 'A file that the caller will upload.' }),
    url: t.string({ required: false, description: 'A public `https` URL that the gateway fetches once.' }),
  }),
});

const MediaResultRef = builder.errorUnion('MediaResult', {
  description: 'The file, or why it was not registered.',
  types: [MediaRef, InvalidInputError],
  resolveType: () => 'Media',
});

builder.mutationField('createMedia', (t) =>
  t.field({
    type: MediaResultRef,
    nullable: true,
    description:
      'Registers a file. Returns at once: the bytes are uploaded to `Media.upload.url`, or fetched from the given URL. Costs nothing. A `NOT_CONFIGURED` error if the gateway keeps no files, and `RATE_LIMITED` while too many files are unfinished, or for too many URLs in a minute.',
    args: {
      kind: t.arg({ type: MediaKindRef, description: 'What the file is used for.' }),
      source: t.arg({ type: MediaSourceInputRef, description: 'Where the bytes come from.' }),
    },
    resolve: (_root, args, { ledger }) => ledger.write('createMedia', definedOnly(args)),
  }),
);

builder.mutationField('deleteMedia', (t) =>
  t.field({
    type: DeletionResultRef,
    nullable: true,
    description:
      'Deletes a file and ends its URLs. Costs nothing. Tasks that Kling has received are not affected; a task that still waits fails.',
    args: { mediaId: t.arg.globalID({ description: 'The `id` of a file, in any status.' }) },
    async resolve(_root, { mediaId }, { ledger }) {
      const deleted = await ledger.write('deleteMedia', { mediaId: idOf('Media', mediaId) });
      return { type: 'Media' as const, id: deleted.mediaId, answer: null };
    },
  }),
);

const HOUR_MS = 3_600_000;
const VALID_MS = 24 * HOUR_MS;

/**
 * Returns a URL of a file of the bucket; null without a file, or if the gateway serves no files. The URL is valid for 24 to
 * 25 hours. It is the same for all reads of an hour, so that clients can cache the file.
 */
export function fileUrlOf(
  file: StoredFile | null | undefined,
  { files, viewer, now }: Pick<GatewayContext, 'files' | 'viewer' | 'now'>,
): Promise<string> | null {
  if (file === null || file === undefined || files === null) return null;
  const { tenant } = viewer;
  const expiresAtMs = Math.ceil(now() / HOUR_MS) * HOUR_MS + VALID_MS;
  return files.fileUrl({ id: file.id, extension: file.extension, tenant, expiresAtMs });
}
