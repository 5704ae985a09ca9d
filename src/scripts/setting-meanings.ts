import type { SETTINGS } from '../config/settings.ts';

/** The meaning of each setting, for docs/operations.md and `npm run deploy`. It is not part of the Worker's script. */
export const SETTING_MEANINGS = {
  ENVIRONMENT: '`production`, or `development`: plain http to localhost is allowed, and no public address is needed.',
  KLING_BASE_URL:
    "Kling's host: `https://api-singapore.klingai.com`, or `https://api-beijing.klingai.com` for keys of the Chinese console.",
  KLING_ACCESS_KEY: "The AccessKey of Kling's console. It needs `KLING_SECRET_KEY`.",
  KLING_SECRET_KEY: 'The SecretKey that belongs to `KLING_ACCESS_KEY`.',
  KLING_API_KEY: 'A static API key of Kling, instead of the two keys above.',
  KLING_TIMEOUT_MS: 'The timeout of one request to Kling, in milliseconds: 1000 to 120000.',
  KLING_CONCURRENCY: 'The tasks that the resource packs of the account allow at once: 1 to 1000.',
  PUBLIC_URL: "The gateway's own public origin, for Kling's callbacks. Required in production.",
  CALLBACK_SECRET:
    'Signs the addresses of callbacks: at least 32 random characters. Required with `PUBLIC_URL`. Two values, separated by a blank, during a rotation: the first signs.',
  KLING_WEBHOOK_SECRETS:
    "The account's `whsec_...`, if it signs callbacks. Two values, separated by a blank, during a rotation.",
  BODY_BYTES_MAX:
    'The largest GraphQL request, in bytes: 1000 to 20000000. In a request with base64 audio, it bounds everything but the audio.',
  AUDIO_BODY_BYTES_MAX:
    'The largest GraphQL request with base64 audio in its variables, in bytes: 1000 to 20000000. Audio of 5 MB needs 7000000. An isolate has 128 MB, and reads four such bodies at once.',
  APQ: '`on` or `off`: whether clients may send the hash of a document that they have sent before (automatic persisted queries).',
  TRUSTED_DOCUMENTS:
    '`only` serves only the documents of `src/trusted-documents.json`. `off` serves all documents, and those also by their ids.',
  TASK_MAX_AGE_HOURS:
    'The deadline of a task, in hours after its first send: 1 to 720. For a task that was never sent, in hours after its creation.',
  EVENT_RETENTION_HOURS: 'How long changes of tasks are kept for clients that reconnect, in hours: 1 to 720.',
  EVENTS_PER_TASK_MAX: 'How many changes of one task are kept, the newest ones: 10 to 100000.',
  TASK_RETENTION_DAYS:
    'How long a finished task is kept with its input, its result and its external id, in days after its end: 30 to 4000. The units of a month are kept as long after its end. Kling deletes results after 30 days.',
  CANCELLED_TASK_RETENTION_DAYS: 'The same for a cancelled task: 7 to 4000.',
  DELETED_VOICE_RETENTION_DAYS:
    'How long a deleted voice is remembered, in days: 30 to 4000. A result at Kling may name the voice for 30 days.',
  FACE_SCAN_RETENTION_DAYS: 'How long a face scan is kept, in days: 1 to 4000. Kling accepts its faces for 24 hours.',
  SPEECH_RETENTION_DAYS:
    'How long a speech and its text are kept, in days: 1 to 4000. Kling deletes its audio after 30 days.',
  EXTERNAL_ID_RETENTION_DAYS:
    'How long an external id of a face scan or a speech returns its first answer, in days: 1 to 4000. After that, a call with the id is charged again.',
  MEDIA_RETENTION_DAYS: 'How long an uploaded file is kept, in days after its creation: 1 to 4000.',
  ARCHIVE_RETENTION_DAYS: 'How long an archived result is kept, in days after the end of its task: 1 to 4000.',
  ARCHIVE_RESULTS:
    '`on` or `off`: whether results are copied into the bucket, so that they outlast the 30 days at Kling. By default `on` if a bucket is bound as `MEDIA`.',
  MEDIA_VIDEO_BYTES_MAX:
    'The largest video that can be uploaded, in bytes: 1000000 to 100000000, which is the most that Kling takes.',
  MEDIA_AUDIO_BYTES_MAX:
    'The largest audio file that can be uploaded, in bytes: 100000 to 5000000, which is the most that Kling takes.',
  OWNER_RETENTION_DAYS:
    'How long a video, an audio file or a face scan that Kling made is reserved for its tenant, in days: 30 to 4000. Kling deletes files after 30 days.',
  IDLE_TENANT_RETENTION_DAYS:
    'How long the account remembers the last turn of a tenant without tasks, in days: 1 to 4000.',
  TENANT_MUTATIONS_PER_MINUTE: 'The mutations of a tenant in a minute: 1 to 1000000. More are `RATE_LIMITED`.',
  TENANT_AUDIO_BODIES_PER_MINUTE:
    'The requests of a tenant that are larger than `BODY_BYTES_MAX`, in a minute: 1 to 1000000. More are `RATE_LIMITED` with 429, before the body is read.',
  TENANT_FETCHES_PER_MINUTE:
    'The files that a tenant has fetched from URLs by `createMedia`, in a minute: 1 to 1000000. More are `RATE_LIMITED`.',
  TENANT_SUBSCRIPTIONS_PER_MINUTE:
    'The subscriptions that a tenant begins in a minute: 1 to 1000000. After a deploy all of its clients reconnect at once. More are `RATE_LIMITED`.',
  TENANT_CALLBACKS_PER_MINUTE:
    'The callbacks of a tenant in a minute: 1 to 1000000. For more, Kling gets 429, and the tasks are polled.',
  TENANT_UPSTREAM_READS_PER_MINUTE:
    "The reads of Kling that a tenant's queries cause in a minute: 1 to 1000000. Beyond it, a task is answered as it is stored, and Kling's own lists are `RATE_LIMITED`.",
  TENANT_WAITING_TASKS_MAX:
    'The tasks of a tenant that wait to be sent, for a slot at Kling or for another attempt: 1 to 10000. More are `RATE_LIMITED`.',
  TENANT_WAITING_BYTES_MAX:
    'The size of all requests that Kling has not confirmed, base64 audio included, in bytes: 10000000 to 5000000000. A Durable Object holds 10 GB. More are `RATE_LIMITED`.',
  TENANT_MEDIA_BYTES_MAX:
    'The size of all files of a tenant in the bucket, archived results included, in bytes: 1000000 to 100000000000000.',
  TENANT_UPLOADS_MAX: 'The unfinished uploads of a tenant: 1 to 10000. More are `RATE_LIMITED`.',
  TENANT_SOCKETS_MAX:
    'The WebSockets and streams that a tenant has open: 4 to 10000. Each of the 4 hubs takes a quarter. One more WebSocket is closed with 1013, one more stream is `RATE_LIMITED`.',
  ADDRESS_SOCKETS_MAX:
    'The same for one client address, or one /64 of IPv6, with or without a token: 4 to 10000. Clients behind one address share it.',
  LIVE_OPERATION_COST_MAX:
    'The fields that one event makes a subscription answer: 100 to 1000000. Lists count at their longest. A field with a read of its own counts 105: `queuePosition`, `retryOf`, `media`, `receivedBytes`, `Video.task`, `Audio.speech` and `Face.scan`. More is `QUERY_TOO_COMPLEX`.',
  TENANT_LIVE_COST_MAX:
    'The fields that one event makes a hub answer for all subscriptions of a tenant: 100 to 10000000. 1000 fields take about 2 ms. Equal operations run once. Each subscriber adds 20 fields, and a twentieth of its operation. More is `RATE_LIMITED`.',
  TENANT_LIVE_OPERATIONS_MAX:
    'The distinct subscriptions of a tenant in each of the 4 hubs, by text and variables: 1 to 1000000. More are `RATE_LIMITED`.',
  TENANT_LIVE_SUBSCRIPTIONS_MAX:
    'The subscriptions of a tenant in each of the 4 hubs: 1 to 1000000. More are `RATE_LIMITED`.',
  TENANT_LIVE_CHARS_MAX:
    "The characters of a tenant's distinct subscriptions in each of the 4 hubs, with their variables: 10000 to 100000000. More are `RATE_LIMITED`.",
  TENANT_MONTHLY_UNITS_MAX:
    'The units that a tenant may spend in a calendar month (UTC), such as `100` or `12.5`. A task counts its estimate until Kling reports its charge. More is `QUOTA_EXHAUSTED`. Absent: no limit.',
  SOCKET_WORK_MS_PER_SECOND:
    'The estimated time of a hub that operations of one WebSocket take, in milliseconds for each second: 10 to 1000. A socket saves up to 10 seconds of it. More is `RATE_LIMITED`, and much more closes the socket with 1013.',
  TENANT_WORK_MS_PER_SECOND:
    'The same for all sockets of a tenant in each of the 4 hubs: 10 to 1000. More waits for up to 10 s, then is `RATE_LIMITED`. Messages may hold 4000 characters a second for each millisecond; more closes their sockets with 1013.',
  AUTH: '`jwks`: an issuer signs the tokens. `secret`: a shared secret signs them (HS256). `none`: everybody is one tenant with all scopes, refused in production.',
  AUTH_JWKS_URL:
    "The URL of the issuer's public keys, such as `https://issuer/.well-known/jwks.json`. Required with `jwks`.",
  AUTH_ALGORITHMS:
    'The signatures accepted with `jwks`, separated by blanks. `Ed25519` and `EdDSA` name one algorithm: each allows both.',
  AUTH_SECRET:
    'Shared with the signer of the tokens: at least 32 random characters. Required with `secret`. Two values, separated by a blank, during a rotation.',
  AUTH_ISSUER: 'The `iss` of every token. Required unless `AUTH` is `none`.',
  AUTH_AUDIENCE: 'The `aud` that every token must name. Required unless `AUTH` is `none`.',
  AUTH_TENANT_CLAIM: 'The claim whose value is the tenant: visible ASCII, at most 128 characters.',
  AUTH_SCOPE_CLAIM: 'The claim with the scopes: a text separated by blanks, or a list.',
  AUTH_MAX_AGE_HOURS:
    'The longest life of a token, in hours after its `iat`: 1 to 720. It applies whatever `exp` says.',
  AUTH_CLOCK_TOLERANCE_SECONDS: 'How far the clocks of the issuer and the gateway may differ, in seconds: 0 to 300.',
  INTROSPECTION: '`on` or `off`: whether clients may read the schema. Absent: off in production, on in development.',
  LOG_TENANT:
    'How log lines name a tenant: `id`, `hash` (the first 16 hexadecimal digits of the SHA-256 of its id) or `off`.',
  CORS_ORIGINS:
    'The origins of web pages and web views that may use the gateway, such as `https://app.example.com` or `capacitor://localhost`, separated by blanks or commas. Absent: only pages of its own origin. In development, pages at `localhost` may always.',
  CORS_HEADERS:
    'Request headers that these pages may send, separated by blanks or commas. Headers of GraphQL and tracing clients are always allowed.',
} as const satisfies Record<keyof typeof SETTINGS, string>;
