import type { SETTINGS } from '../settings.ts';

/** What each setting means, for docs/operations.md and `npm run deploy`. Kept out of the Worker's script, which never shows it. */
export const SETTING_MEANINGS = {
  ENVIRONMENT: '`production` or `development`, which allows plain http to localhost and needs no public address.',
  KLING_BASE_URL:
    "Kling's host: `https://api-singapore.klingai.com`, or `https://api-beijing.klingai.com` for keys of the Chinese console.",
  KLING_ACCESS_KEY: "The AccessKey of Kling's console; goes with `KLING_SECRET_KEY`.",
  KLING_SECRET_KEY: 'The SecretKey that belongs to `KLING_ACCESS_KEY`.',
  KLING_API_KEY: "A static API key of Kling's, in the place of the two keys above.",
  KLING_TIMEOUT_MS: 'How long one request to Kling may take, in milliseconds: 1000 to 120000.',
  KLING_CONCURRENCY: 'How many tasks the account may have at Kling at once, by its resource packs: 1 to 1000.',
  PUBLIC_URL: "The gateway's own public origin, for Kling's callbacks. Required in production.",
  CALLBACK_SECRET:
    "At least 32 random characters: proves that a callback's address came from this gateway. Required with `PUBLIC_URL`. Two, with a blank between, while the first replaces the second.",
  KLING_WEBHOOK_SECRETS:
    "The account's `whsec_...` if it signs callbacks; two, with a blank between, while one replaces the other.",
  BODY_BYTES_MAX:
    'The largest GraphQL request, in bytes: 1000 to 20000000. Of one with audio in base64 it bounds all but the audio.',
  AUDIO_BODY_BYTES_MAX:
    'The largest GraphQL request with audio in base64 in its variables, in bytes: 1000 to 20000000. Audio of 5 MB needs 7000000. An isolate of 128 MB holds four of them at once.',
  APQ: '`on` or `off`: whether clients may send the hash of a document that they have sent before (automatic persisted queries).',
  TRUSTED_DOCUMENTS:
    '`off`, or `only`: nothing but the documents of `src/trusted-documents.json` is served, by their ids. With `off` these ids are served too.',
  TASK_MAX_AGE_HOURS:
    'How many hours after its first send a task that Kling has not finished is given up, or after its making one that was not sent: 1 to 720.',
  EVENT_RETENTION_HOURS: 'How many hours the changes of tasks are kept for clients that come back: 1 to 720.',
  EVENTS_PER_TASK_MAX: 'How many changes of one task are kept, the newest: 10 to 100000.',
  TENANT_MUTATIONS_PER_MINUTE:
    'How many mutations a tenant may send in a minute: 1 to 1000000. Past it, and with the three below: `RATE_LIMITED`.',
  TENANT_AUDIO_BODIES_PER_MINUTE:
    'How many requests larger than `BODY_BYTES_MAX` a tenant may send in a minute: 1 to 1000000. Past it: `RATE_LIMITED` with 429, before the body is read.',
  TENANT_SUBSCRIPTIONS_PER_MINUTE:
    'How many subscriptions a tenant may begin in a minute: 1 to 1000000. After a deploy all of its clients come back at once.',
  TENANT_CALLBACKS_PER_MINUTE:
    'How many callbacks of a tenant are taken in a minute: 1 to 1000000. Past it Kling is answered 429, and the tasks are read by themselves.',
  TENANT_UPSTREAM_READS_PER_MINUTE:
    "How many reads of Kling a tenant's queries may cause in a minute: 1 to 1000000. Past it a task is answered as it is stored, and Kling's own lists are `RATE_LIMITED`.",
  TENANT_WAITING_TASKS_MAX:
    "How many of a tenant's tasks may wait for a slot at Kling: 1 to 10000. Past it: `RATE_LIMITED`.",
  TENANT_WAITING_BYTES_MAX:
    'How many bytes the requests of those tasks may have together, audio in base64 included: 10000000 to 5000000000. An object holds 10 GB.',
  TENANT_SOCKETS_MAX:
    'How many WebSockets and streams a tenant may have open: 4 to 10000. Each of the 4 hubs takes a quarter of it, which is served in every case. Past it a WebSocket is closed with 1013, and a stream is `RATE_LIMITED`.',
  ADDRESS_SOCKETS_MAX:
    'The same for one client address, or one /64 of IPv6, whether it has sent a token or not: 4 to 10000. Clients that share an address share it.',
  LIVE_OPERATION_COST_MAX:
    'How many fields one event may make a subscription answer: 100 to 1000000. Lists count as long as they may get; reading `events` or `queuePosition` counts 100, and 5 for each item. Past it: `QUERY_TOO_COMPLEX`.',
  TENANT_LIVE_COST_MAX:
    'How many fields one event may make a hub answer for all subscriptions of a tenant: 100 to 10000000. 1000 take about 2 ms. An operation with the same variables is run once; each subscriber adds 20 and a twentieth of it for the message. Past it, and with the three below: `RATE_LIMITED`.',
  TENANT_LIVE_OPERATIONS_MAX:
    'How many distinct subscriptions, by their text and variables, a tenant may have in each of the 4 hubs: 1 to 1000000.',
  TENANT_LIVE_SUBSCRIPTIONS_MAX: 'How many subscriptions a tenant may have in each of the 4 hubs: 1 to 1000000.',
  TENANT_LIVE_CHARS_MAX:
    'How many characters the distinct subscriptions of a tenant may have in each of the 4 hubs, with their variables: 10000 to 100000000.',
  TENANT_MONTHLY_UNITS_MAX:
    'How many units a tenant may spend in a calendar month (UTC), as in `100` or `12.5`. Work counts its estimate until Kling tells its charge, and where Kling never does. Absent: no limit.',
  SOCKET_WORK_MS_PER_SECOND:
    "How much of a hub's time the operations that one WebSocket begins may take, in estimated milliseconds a second: 10 to 1000. It may save up 10 seconds of it. Past it: `RATE_LIMITED`; one that goes on is closed with 1013.",
  TENANT_WORK_MS_PER_SECOND:
    'The same of all sockets of a tenant in each of the 4 hubs: 10 to 1000. Past it operations wait their turn, for 10 s at most; then: `RATE_LIMITED`. It also bounds what all messages of a tenant hold: 4000 characters a second for each millisecond, past which a socket is closed with 1013.',
  AUTH: '`jwks`: tokens are signed by an issuer; `secret`: with a shared secret (HS256); `none`: everybody is one tenant with all scopes, refused in production.',
  AUTH_JWKS_URL:
    "Where the issuer's public keys are, as in `https://issuer/.well-known/jwks.json`. Required with `jwks`.",
  AUTH_ALGORITHMS:
    'Signatures accepted with `jwks`, with blanks between. `Ed25519` and `EdDSA` name one algorithm: each allows both.',
  AUTH_SECRET:
    'At least 32 random characters, shared with the signer of the tokens. Required with `secret`. Two, with a blank between, while one replaces the other.',
  AUTH_ISSUER: 'The `iss` of every token. Required unless `AUTH` is `none`.',
  AUTH_AUDIENCE: 'What the `aud` of every token has to name. Required unless `AUTH` is `none`.',
  AUTH_TENANT_CLAIM: 'The claim whose value is the tenant: visible ASCII, at most 128 characters.',
  AUTH_SCOPE_CLAIM: 'The claim with the scopes: a text with blanks between, or a list.',
  AUTH_MAX_AGE_HOURS: 'A token is refused so many hours after its `iat`, whatever its `exp` says: 1 to 720.',
  AUTH_CLOCK_TOLERANCE_SECONDS: 'How far the clocks of issuer and gateway may be apart: 0 to 300.',
  INTROSPECTION: '`on` or `off`: whether clients may ask for the schema. Absent: off in production, on in development.',
  LOG_TENANT:
    'How lines of the log name a tenant: `id`, `hash` (the first 16 hexadecimal digits of the SHA-256 of its id) or `off`.',
  CORS_ORIGINS:
    'The origins of the web pages and web views that may use the gateway, as in `https://app.example.com` or `capacitor://localhost`, with blanks or commas between. Absent: only pages of its own origin; in development also every page at `localhost`.',
  CORS_HEADERS:
    'Request headers that these pages may send beside those that GraphQL and tracing clients send, with blanks or commas between.',
} as const satisfies Record<keyof typeof SETTINGS, string>;
