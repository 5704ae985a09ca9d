import type { CombinedError } from 'urql';

interface Extensions {
  readonly code?: string;
  readonly requestId?: string;
  readonly retryable?: boolean;
  readonly issues?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
}

/** The texts for a refused request. */
export interface NoticeTexts {
  readonly title: string;
  readonly details: readonly string[];
  /** Names the request in the operator's log. Null if the request never reached the gateway. */
  readonly requestId: string | null;
}

const TITLES: Readonly<Record<string, string>> = {
  BAD_USER_INPUT: 'Something has to be changed first',
  CONFLICT: 'This was already done with other values',
  CONTENT_REJECTED: 'Kling’s content policy refused this',
  FORBIDDEN: 'You are not allowed to do this',
  NOT_FOUND: 'It is not there any more',
  QUOTA_EXHAUSTED: 'No units are left',
  RATE_LIMITED: 'Too much at once',
  UPSTREAM_UNAVAILABLE: 'Kling does not answer',
  UPSTREAM_MISCONFIGURED: 'The gateway cannot reach Kling',
};

const ADVICE: Readonly<Record<string, string>> = {
  CONTENT_REJECTED: 'Another video or sound may pass.',
  QUOTA_EXHAUSTED: 'An operator has to add units.',
  RATE_LIMITED: 'Wait a moment, and try again.',
  UPSTREAM_UNAVAILABLE: 'Try again in a moment.',
  UPSTREAM_MISCONFIGURED: 'Only an operator can mend it.',
};

function extensionsOf(error: CombinedError | undefined): readonly Extensions[] {
  return error?.graphQLErrors.map(({ extensions }) => extensions) ?? [];
}

/** Returns the gateway's error codes. Empty for a network error. */
export function codesOf(error: CombinedError | undefined): readonly string[] {
  return extensionsOf(error).flatMap(({ code }) => code ?? []);
}

/** Maps an error to the texts that are shown. */
export function toNoticeTexts(error: CombinedError): NoticeTexts {
  const [first] = error.graphQLErrors;
  if (first === undefined) {
    return {
      title: 'The gateway cannot be reached',
      details: ['Check the connection. What you have entered stays here.'],
      requestId: null,
    };
  }
  const { code = '', issues, requestId } = extensionsOf(error)[0] ?? {};
  const said = issues?.map(({ path, message }) => `${path.at(-1) ?? 'input'}: ${message}`) ?? [first.message];
  const advice = ADVICE[code];
  return {
    title: TITLES[code] ?? 'The gateway failed',
    details: advice === undefined ? said : [...said, advice],
    requestId: requestId ?? null,
  };
}
