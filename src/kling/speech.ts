import type { SpeechRequest } from '../domain/inputs.ts';
import type { SpeechResult } from '../domain/records.ts';
import {
  decimalOrNull,
  type Envelope,
  epochMsOrNull,
  recordOf,
  recordsOf,
  secondsToMs,
  textOrNull,
  UnreadableAnswer,
} from './envelope.ts';
import { KlingError, quote } from './errors.ts';
import { toBalanceDeduction, toTaskStatus } from './tasks.ts';
import type { Call } from './transport.ts';

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
  if (audioId === null || url === null) {
    if (toTaskStatus(textOrNull(data['task_status']) ?? '') === 'FAILED') throw failedSpeech(envelope);
    throw new UnreadableAnswer('speech without a sound');
  }
  const balance = toBalanceDeduction(data['final_balance_deduction']);
  return {
    audioId,
    url,
    durationMs: secondsToMs(audio['duration']),
    klingTaskId: textOrNull(data['task_id']),
    unitsDeducted: decimalOrNull(data['final_unit_deduction']),
    ...(balance === null ? {} : { balanceDeducted: balance }),
    createdAtMs: epochMsOrNull(data['created_at']),
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
