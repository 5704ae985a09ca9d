import type { FaceScanRequest } from '../domain/inputs.ts';
import type { SpeechRequest } from '../domain/speech.ts';
import type { Sent } from '../domain/sources.ts';
import type { Face, FaceScanResult, SpeechResult } from '../domain/records.ts';
import {
  decimalOrNull,
  type Envelope,
  epochMsOrNull,
  msOrNull,
  recordOf,
  recordsOf,
  secondsToMs,
  textOrNull,
  UnreadableAnswer,
  type WireRecord,
} from './envelope.ts';
import { KlingError, quote } from './errors.ts';
import { toBalanceDeduction, toTaskStatus } from './tasks.ts';
import type { Call } from './transport.ts';

/** Kling's texts for a video without a face. Source: live, 2025-12 to 2026-09. */
const NO_FACE =
  /\b(?:no|not (?:detect|find|recognize|contain)|without)(?: an?| any)?(?: valid| clear| human)* (?:faces?|human|person)\b|\bfaces? (?:is |are |was |were )?not (?:found|detected)\b/i;

/**
 * `POST /v1/videos/identify-face`: 0.05 units per call. Kling reports "no face" as an answer without `face_data` or as a
 * refusal. It is a scan without faces if there is a `session_id`, and otherwise `NO_FACE_DETECTED`.
 */
export function identifyFacesCall({ video }: Sent<FaceScanRequest>): Call<FaceScanResult> {
  return {
    method: 'POST',
    path: '/v1/videos/identify-face',
    body: video.url === undefined ? { video_id: video.videoId } : { video_url: video.url },
    interpret: (envelope) => (saysNoFace(envelope) ? { ...envelope, ok: true } : envelope),
    decode: toFaceScanResult,
  };
}

function toFaceScanResult(envelope: Envelope): FaceScanResult {
  const data = recordOf(envelope.data);
  const sessionId = textOrNull(data['session_id']);
  const faces = recordsOf(data['face_data']).flatMap((record) => toFace(record) ?? []);
  if (sessionId === null) {
    if (faces.length > 0) throw new UnreadableAnswer('faces without session_id');
    throw noFace(envelope);
  }
  const balance = toBalanceDeduction(data['final_balance_deduction']);
  return {
    sessionId,
    faces,
    unitsDeducted: decimalOrNull(data['final_unit_deduction']),
    ...(balance === null ? {} : { balanceDeducted: balance }),
    klingRequestId: envelope.requestId,
  };
}

/** Returns null for a face without an id or an interval: it cannot be chosen. `"0"` is an id. */
function toFace(record: WireRecord): Face | null {
  const faceId = textOrNull(record['face_id']);
  const startMs = msOrNull(record['start_time']);
  const endMs = msOrNull(record['end_time']);
  if (faceId === null || startMs === null || endMs === null) return null;
  return { faceId, imageUrl: textOrNull(record['face_image']), startMs, endMs };
}

function saysNoFace({ ok, code, message }: Envelope): boolean {
  // Only codes about the input. Under a fault or a limit the same words mean something else.
  return !ok && code >= 1200 && code < 1302 && NO_FACE.test(message.slice(0, 1000));
}

/** Returns the error of a scan without faces. A refused scan is free. An answered one may have been billed. */
function noFace({ code, requestId }: Envelope): KlingError {
  return new KlingError(code === 0 ? 'UNKNOWN' : 'REFUSED', {
    code: 'NO_FACE_DETECTED',
    message: 'Kling found no face in this video.',
    retryable: false,
    ...(code === 0 ? {} : { klingCode: code }),
    ...(requestId === null ? {} : { klingRequestId: requestId }),
  });
}

/** `POST /v1/audio/tts`: 0.05 units, answered at once. Kling has no query for it, so a lost answer cannot be recovered. */
export function synthesizeSpeechCall(request: SpeechRequest): Call<SpeechResult> {
  return {
    method: 'POST',
    path: '/v1/audio/tts',
    body: {
      text: request.text,
      voice_id: request.voiceId,
      voice_language: request.language,
      voice_speed: request.speed,
    },
    decode: toSpeech,
  };
}

function toSpeech(envelope: Envelope): SpeechResult {
  const data = recordOf(envelope.data);
  const [audio = {}] = recordsOf(recordOf(data['task_result'])['audios']);
  const audioId = textOrNull(audio['id']);
  const url = textOrNull(audio['url']);
  const klingStatus = textOrNull(data['task_status']);
  const isFailed = toTaskStatus(klingStatus ?? '') === 'FAILED';
  if (isFailed && (audioId === null || url === null)) throw failedSpeech(envelope);
  // Audio without a URL is paid for, and a lip-sync can use it.
  if (audioId === null) throw new UnreadableAnswer('speech without an audio id');
  const createdAtMs = epochMsOrNull(data['created_at']);
  const balance = toBalanceDeduction(data['final_balance_deduction']);
  return {
    audioId,
    url,
    durationMs: secondsToMs(audio['duration']),
    klingTaskId: textOrNull(data['task_id']),
    klingStatus,
    lastReport: {
      statusMessage: textOrNull(data['task_status_msg']),
      createdAtMs,
      updatedAtMs: epochMsOrNull(data['updated_at']),
    },
    unitsDeducted: decimalOrNull(data['final_unit_deduction']),
    ...(balance === null ? {} : { balanceDeducted: balance }),
    createdAtMs,
    klingRequestId: envelope.requestId,
  };
}

/** Returns the error of a text that Kling accepted but did not speak. `UNKNOWN`, because it may have been billed. */
function failedSpeech({ data, requestId }: Envelope): KlingError {
  const reason = quote(textOrNull(recordOf(data)['task_status_msg']) ?? '');
  return new KlingError('UNKNOWN', {
    code: 'UPSTREAM_UNAVAILABLE',
    message: `Kling made no sound of this text.${reason}`,
    retryable: false,
    ...(requestId === null ? {} : { klingRequestId: requestId }),
  });
}
