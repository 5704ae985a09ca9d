import { createKlingClients, type KlingClient, type KlingClientOptions } from '../../src/kling/client.ts';
import type { KlingExchangeEvent, LogExchange } from '../../src/kling/transport.ts';
import { KlingError } from '../../src/kling/errors.ts';

/** Kling's next answer: a body with 200, a body with a status, or the result of a function. */
export type Answer =
  | string
  | { readonly status: number; readonly body: string }
  | ((init: RequestInit) => Promise<Response>);

export interface SentRequest {
  readonly url: string;
  readonly init: RequestInit;
  readonly body: unknown;
}

export const HOST = 'https://api.kling.test';
export const TIMEOUT_MS = 60_000;
export const STARTED_AT_MS = 1_790_000_000_000;

export interface Upstream {
  readonly client: KlingClient;
  readonly requests: readonly SentRequest[];
  readonly events: readonly KlingExchangeEvent[];
  /** The waits between attempts in milliseconds. They advance the clock and take no time. */
  readonly waitsMs: readonly number[];
  /** Ends the deadlines of all running exchanges. */
  readonly expire: () => void;
  readonly advance: (ms: number) => void;
}

/** Creates a client of a Kling with scripted answers. A request past the script fails like a broken connection. */
export function createUpstream(
  answers: readonly Answer[],
  { log, ...options }: Partial<KlingClientOptions> & { readonly log?: LogExchange } = {},
): Upstream {
  const requests: SentRequest[] = [];
  const events: KlingExchangeEvent[] = [];
  const waitsMs: number[] = [];
  const expiries: (() => void)[] = [];
  let nowMs = STARTED_AT_MS;

  const client = createKlingClients({
    baseUrl: HOST,
    credentials: { apiKey: 'key-for-tests' },
    async fetch(url, init) {
      const answer = answers[requests.length];
      requests.push({ url, init, body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined });
      if (answer === undefined) throw new TypeError('no answer is scripted');
      if (typeof answer === 'function') return answer(init);
      return typeof answer === 'string' ? new Response(answer) : new Response(answer.body, { status: answer.status });
    },
    aborts: true,
    now: () => nowMs,
    random: () => 0.5,
    async sleep(ms) {
      waitsMs.push(ms);
      nowMs += ms;
    },
    startTimer(_ms, onTime) {
      expiries.push(onTime);
      return () => {};
    },
    timeoutMs: TIMEOUT_MS,
    ...options,
  })(log ?? ((event) => events.push(event)));

  return {
    client,
    requests,
    events,
    waitsMs,
    expire: () => expiries.forEach((onTime) => onTime()),
    advance(ms) {
      nowMs += ms;
    },
  };
}

/** Returns a refusal as Kling sends it, without data. */
export function refusal(code: number, status: number, message = 'no'): Answer {
  return { status, body: JSON.stringify({ code, message, request_id: 'req-refused' }) };
}

/** Returns the `KlingError` that a call throws. Fails if it throws anything else, or nothing. */
export async function klingErrorOf(call: Promise<unknown>): Promise<KlingError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof KlingError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

export const IDENTITY = { externalTaskId: 'kgw_01', callbackUrl: 'https://gateway.test/callback/abc' };
export const NO_IDENTITY = { externalTaskId: null, callbackUrl: null };
export const VOICE = { name: 'Custom Voice', source: { url: 'https://files.test/voice.mp3' } };
export const LIP_SYNC = {
  sessionId: '850508686686064678',
  faceId: '0',
  sound: { url: 'https://files.test/sound.mp3' },
  placement: { cropStartMs: 0, cropEndMs: 3000, insertAtMs: 1000 },
  soundVolume: 2,
  originalAudioVolume: 0,
  watermark: false,
};
export const SPEECH = { text: 'Hello', voiceId: 'oversea_male1', language: 'en', speed: 1.2 } as const;
export const PAGE = { page: 2, pageSize: 30 };
