import type { CombinedError } from 'urql';
import type { introspection_types } from './introspection.d.ts';

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

type ErrorCode = introspection_types['ErrorCode']['enumValues'];

/** The texts that people see for each error code. `advice` says how they can continue. */
const TEXTS = {
  BAD_USER_INPUT: { title: 'Check your input' },
  CONFLICT: { title: 'This was already created with other values' },
  CONTENT_REJECTED: {
    title: 'Kling’s content policy refused this',
    advice: 'The same input will be refused again. Try another one.',
  },
  FORBIDDEN: { title: 'You are not allowed to do this' },
  INTERNAL: { title: 'The gateway failed' },
  NOT_FOUND: { title: 'Not found. It may have been deleted.' },
  QUERY_TOO_COMPLEX: { title: 'The request is too large' },
  QUOTA_EXHAUSTED: { title: 'No units are left', advice: 'Ask an operator to add units.' },
  RATE_LIMITED: { title: 'Too many requests', advice: 'Wait a moment, then try again.' },
  UNAUTHENTICATED: { title: 'Your token has expired', advice: 'Enter a new one, then try again.' },
  UPSTREAM_MISCONFIGURED: { title: 'The gateway can’t use Kling', advice: 'Only an operator can fix this.' },
  UPSTREAM_UNAVAILABLE: { title: 'Kling or the gateway didn’t answer', advice: 'Try again in a moment.' },
} as const satisfies Record<ErrorCode, { readonly title: string; readonly advice?: string }>;

/** A newer gateway may have codes that this build of the studio does not know. */
function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(TEXTS, code);
}

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
      title: 'Couldn’t reach the gateway',
      details: ['Check your connection. Your entries are kept.'],
      requestId: null,
    };
  }
  const { code = '', issues, requestId } = extensionsOf(error)[0] ?? {};
  const said = issues?.map(({ path, message }) => `${path.at(-1) ?? 'input'}: ${message}`) ?? [first.message];
  const { title, advice }: { title: string; advice?: string } = TEXTS[isKnown(code) ? code : 'INTERNAL'];
  return {
    title,
    details: advice === undefined ? said : [...said, advice],
    requestId: requestId ?? null,
  };
}
