import { exports } from 'cloudflare:workers';
import { SignJWT } from 'jose';
import type { AccountRecord } from '../../src/sandbox/store/record-store.ts';
import type { Received } from './receiver.ts';

export const origin = 'https://sandbox.test';

interface File {
  readonly id: string;
  readonly url: string;
}

/** The fields of all answers. A test reads only those of the call it made. */
export interface Data {
  readonly task_id: string;
  readonly task_status: string;
  readonly task_status_msg: string;
  readonly task_info?: { readonly external_task_id?: string; readonly parent_video: { readonly duration: string } };
  readonly task_result: {
    readonly voices: readonly [{ readonly voice_id: string; readonly owned_by: string; readonly trial_url: string }];
    readonly videos: readonly [File];
    readonly audios: readonly [File];
  };
  readonly final_unit_deduction: string | number;
  readonly final_balance_deduction?: unknown;
  readonly created_at: number;
  readonly updated_at: number;
  readonly session_id: string;
  readonly face_data: readonly [Face, Face];
  readonly resource_pack_subscribe_infos: readonly unknown[];
}

interface Face {
  readonly face_id: string;
  readonly start_time: number;
  readonly end_time: number;
}

/** Kling's envelope, with the HTTP status. */
export interface Reply<T = Data> {
  readonly httpStatus: number;
  readonly code: number;
  readonly message: string;
  readonly request_id: string;
  readonly data: T;
}

/** Sends an HTTP request to the sandbox. */
export async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  return await exports.default.fetch(`${origin}${path}`, { ...init, method });
}

/** Returns the calls that a client can make with the key of an account. */
export function openAccount(name: string, kind: 'api' | 'access' = 'api') {
  const key = `sandbox-${kind}-key-${name}`;
  const headers = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${kind === 'api' ? key : await createToken({ iss: key })}`,
    'content-type': 'application/json',
  });
  const raw = async (method: string, path: string, body?: unknown): Promise<Response> =>
    await send(method, path, {
      headers: await headers(),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  const call = async <T = Data>(method: string, path: string, body?: unknown): Promise<Reply<T>> => {
    const response = await raw(method, path, body);
    return { ...(await response.json<Reply<T>>()), httpStatus: response.status };
  };
  const control = async (method: string, path: string, body?: unknown): Promise<Response> =>
    await send(method, `/sandbox/accounts/${key}${path}`, body === undefined ? {} : { body: JSON.stringify(body) });
  return {
    key,
    raw,
    get: async (path: string) => await call('GET', path),
    list: async (path: string) => await call<readonly Data[]>('GET', path),
    post: async (path: string, body: unknown) => await call('POST', path, body),
    control,
    configure: async (settings: unknown) => await control('PUT', '/settings', settings),
    advance: async (taskId: string, status: string, message?: string) =>
      await control('POST', `/tasks/${encodeURIComponent(taskId)}/advance`, {
        status,
        ...(message ? { message } : {}),
      }),
    record: async () => await (await control('GET', '/record')).json<AccountRecord>(),
  };
}

export type TestAccount = ReturnType<typeof openAccount>;

/** Opens an account whose tasks move only by hand. */
export async function openStillAccount(name: string, settings: Record<string, unknown> = {}): Promise<TestAccount> {
  const account = openAccount(name);
  await account.configure({ submittedMs: 100_000_000, processingMs: 200_000_000, concurrency: 1000, ...settings });
  return account;
}

/** Creates a token for Kling, valid for half an hour by default. A claim that is null is left out. */
export async function createToken(
  claims: { iss: string; exp?: number | null; nbf?: number | null },
  secret = 'sandbox-secret-key-of-thirty-two-bytes',
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { iss, exp = now + 1800, nbf = now - 5 } = claims;
  return await new SignJWT({ iss, ...(exp === null ? {} : { exp }), ...(nbf === null ? {} : { nbf }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret));
}

/** Reads what a box of the receiver has received so far. */
export async function readInbox(box: string): Promise<readonly Received[]> {
  return await (await fetch(`https://inbox.test/${box}`)).json();
}

export const voiceInput = { voice_name: 'Ann', voice_url: 'https://example.com/ann.mp3' };

/** Scans a video and returns the ids that a lip-sync on its first face needs. */
export async function scan(account: TestAccount, videoUrl = 'https://example.com/clip.mp4') {
  const { data } = await account.post('/v1/videos/identify-face', { video_url: videoUrl });
  return { sessionId: data.session_id, faceId: data.face_data[0].face_id };
}

/** Builds an input of a lip-sync that Kling accepts, with some fields replaced. */
export function lipSyncInput(
  { sessionId, faceId }: { sessionId: string; faceId: string },
  choice: Record<string, unknown> = {},
  rest: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    session_id: sessionId,
    face_choose: [
      {
        face_id: faceId,
        sound_file: 'https://example.com/sound.mp3',
        sound_start_time: 0,
        sound_end_time: 3000,
        sound_insert_time: 1000,
        ...choice,
      },
    ],
    ...rest,
  };
}
