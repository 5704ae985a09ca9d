import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classifyFailure,
  classifyRefusal,
  gatewayFailure,
  isRetryable,
  TASK_FAILURE_CODES,
} from '../../src/domain/failure.ts';

describe('the failure of a task', () => {
  it.each([
    ['Failure to pass the risk control system', 'CONTENT_REJECTED'],
    ['failure to PASS the Risk Control system.', 'CONTENT_REJECTED'],
    ['The content violates our platform policy', 'CONTENT_REJECTED'],
    ['Sensitive information detected in the face image', 'CONTENT_REJECTED'],
    ['内容审核未通过', 'CONTENT_REJECTED'],
    ['The model did not detect a human', 'NO_HUMAN_DETECTED'],
    ['there is no human in the video', 'NO_HUMAN_DETECTED'],
    ['No person found', 'NO_HUMAN_DETECTED'],
    ['Human could not be detected', 'NO_HUMAN_DETECTED'],
    ['未检测到人物', 'NO_HUMAN_DETECTED'],
    ['no face detected', 'NO_FACE_DETECTED'],
    ['The model did not detect a human face', 'NO_FACE_DETECTED'],
    ['Face not found in the video', 'NO_FACE_DETECTED'],
    ['Unable to recognize any faces', 'NO_FACE_DETECTED'],
    ['未检测到人脸', 'NO_FACE_DETECTED'],
    ['Internal error', 'UPSTREAM_ERROR'],
    ['internal server error, please contact support', 'UPSTREAM_ERROR'],
    ['Service temporarily unavailable', 'UPSTREAM_ERROR'],
    ['generation timeout exceeded', 'UPSTREAM_ERROR'],
    ['Request timed out', 'UPSTREAM_ERROR'],
    ['系统繁忙', 'UPSTREAM_ERROR'],
    ['input.voiceSpeed: must be less than or equal to 2.0', 'INPUT_REJECTED'],
    ['Invalid audio file', 'INPUT_REJECTED'],
    ['The audio is too short', 'INPUT_REJECTED'],
    ['video duration exceeds the limit', 'INPUT_REJECTED'],
    ['Unsupported video format', 'INPUT_REJECTED'],
    ['failed to download the file', 'INPUT_REJECTED'],
    ['Downloading the file broke off', 'INPUT_REJECTED'],
    ['视频时长不符', 'INPUT_REJECTED'],
    ['no human voice detected in the audio', 'INPUT_REJECTED'],
    ['The audio is noisy', 'INPUT_REJECTED'],
    ['parallel task over resource pack limit', 'RATE_LIMITED'],
    ['Parallel Task over Resource Pack Limit', 'RATE_LIMITED'],
    ['Account balance not enough', 'QUOTA_EXHAUSTED'],
    ['Face detection failed', 'NO_FACE_DETECTED'],
    ['FACE DETECTION FAILED', 'NO_FACE_DETECTED'],
    ['人脸检测失败', 'NO_FACE_DETECTED'],
    ['Failed to parse audio', 'AUDIO_UNREADABLE'],
    ['failed to decode the audio file', 'AUDIO_UNREADABLE'],
    ['音频解析失败', 'AUDIO_UNREADABLE'],
    ['more than one speaker detected', 'MULTIPLE_SPEAKERS'],
    ['Multiple voices found in the recording', 'MULTIPLE_SPEAKERS'],
    ['人脸角度过大', 'FACE_ANGLE'],
    ['The face angle is too large', 'FACE_ANGLE'],
    ['Image pixel is invalid', 'INPUT_REJECTED'],
    ['something else happened', 'UNKNOWN'],
    ['Insufficient information', 'UNKNOWN'],
  ] as const)('%s is %s', (text, code) => {
    expect(classifyFailure(text)).toEqual({ code, message: text });
  });

  it.each([null, '', '  \n', 'SUCCEED', ' succeed', 'success'])(
    'has a default message if Kling sends the reason %j',
    (text) => {
      expect(classifyFailure(text)).toEqual({ code: 'UNKNOWN', message: 'Kling gave no reason.' });
    },
  );

  it("has Kling's text as its message, trimmed", () => {
    expect(classifyFailure(' Internal error \n')).toEqual({ code: 'UPSTREAM_ERROR', message: 'Internal error' });
  });

  it('has a message and one of Kling’s codes for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { code, message } = classifyFailure(text);
        expect(TASK_FAILURE_CODES).toContain(code);
        expect(code).not.toMatch(/DEADLINE|OUTCOME|NOT_SENT/);
        expect(message).not.toBe('');
      }),
    );
  });

  it('is classified by the beginning of a long text', () => {
    expect(classifyFailure(`Internal error ${'no '.repeat(100_000)}`).code).toBe('UPSTREAM_ERROR');
    expect(classifyFailure(`${'no '.repeat(100_000)} Internal error`).code).toBe('UNKNOWN');
  });

  it.each(['DEADLINE_EXCEEDED', 'CREATE_OUTCOME_UNKNOWN', 'NOT_SENT'] as const)(
    'may be %s, set by the gateway',
    (code) => {
      expect(gatewayFailure(code)).toEqual({ code, message: expect.stringMatching(/\.$/) });
    },
  );

  it.each([
    ['CONTENT_REJECTED', 'CONTENT_REJECTED'],
    ['BAD_USER_INPUT', 'INPUT_REJECTED'],
    ['NOT_FOUND', 'INPUT_REJECTED'],
    ['QUOTA_EXHAUSTED', 'QUOTA_EXHAUSTED'],
    ['UPSTREAM_MISCONFIGURED', 'UPSTREAM_MISCONFIGURED'],
    ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_ERROR'],
    ['INTERNAL', 'UNKNOWN'],
  ] as const)('follows the code of a refusal: %s is %s', (code, expected) => {
    expect(classifyRefusal({ code, message: 'Because.', retryable: false })).toEqual({
      code: expected,
      message: 'Because.',
    });
  });

  it("keeps Kling's code and request id", () => {
    const known = { message: 'Because.', klingCode: 1301, klingRequestId: 'request-1' };
    expect(classifyRefusal({ ...known, code: 'CONTENT_REJECTED', retryable: false })).toEqual({
      ...known,
      code: 'CONTENT_REJECTED',
    });
  });
});

it('isRetryable is true only if the cause may pass and Kling cannot have charged', () => {
  const retryable = TASK_FAILURE_CODES.filter((code) => isRetryable({ code, message: '' }));
  expect(retryable.toSorted()).toEqual(['NOT_SENT', 'RATE_LIMITED', 'UPSTREAM_ERROR']);
});
