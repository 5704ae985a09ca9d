import { useEffect, useRef, useState } from 'react';
import { useClient, type CombinedError } from 'urql';
import { LipSyncQuoteDocument, type LipSyncInput } from '../api/documents.ts';
import { toNoticeTexts, type NoticeTexts } from '../api/failure.ts';
import type { ResultOf } from '../api/graphql.ts';
import { problemsIn, type Problem } from './problems.ts';

/** The input must be unchanged for this time before the gateway is asked. */
const QUOTE_AFTER_MS = 400;

/** The answer of the gateway about an input, before anything is paid. */
type Answer =
  | { readonly state: 'priced'; readonly units: string; readonly usd: string }
  | { readonly state: 'refused'; readonly problems: readonly Problem[] }
  /** The gateway could not be asked, or a limit is reached. */
  | { readonly state: 'failed'; readonly texts: NoticeTexts };

export type Quote =
  /** There is no video yet. */
  | { readonly state: 'none' }
  /** The price is that of the same video, if it is known. */
  | { readonly state: 'asking'; readonly last: Answer | null }
  | Answer;

interface Answered {
  readonly key: string;
  readonly video: string;
  readonly answer: Answer;
}

/**
 * Asks the gateway for the price and the problems of an input, shortly after its last change. Null asks nothing.
 * `reason` changes when the answer to the same input may have changed.
 */
export function useQuote(input: LipSyncInput | null, reason: string): Quote {
  const client = useClient();
  const [answered, setAnswered] = useState<Answered | null>(null);
  const newest = useRef(input);
  const video = JSON.stringify([input?.face, input?.videoDurationMs, reason]);
  const key = input === null ? null : JSON.stringify([input, reason]);

  useEffect(() => {
    newest.current = input;
  });

  useEffect(() => {
    if (key === null) return undefined;
    const left = new AbortController();
    async function ask(asked: LipSyncInput, askedKey: string): Promise<void> {
      const { data, error } = await client
        .query(LipSyncQuoteDocument, { input: asked }, { requestPolicy: 'network-only' })
        .toPromise();
      if (!left.signal.aborted) setAnswered({ key: askedKey, video, answer: toAnswer(data, error) });
    }
    const timer = setTimeout(() => {
      if (newest.current !== null) void ask(newest.current, key);
    }, QUOTE_AFTER_MS);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [client, key, video]);

  if (key === null) return { state: 'none' };
  if (answered?.key === key) return answered.answer;
  return { state: 'asking', last: answered?.video === video ? answered.answer : null };
}

function toAnswer(data: ResultOf<typeof LipSyncQuoteDocument> | undefined, error: CombinedError | undefined): Answer {
  const answer = data?.lipSyncQuote;
  if (answer?.__typename === 'LipSyncQuote') return { state: 'priced', units: answer.units, usd: answer.usd };
  if (answer?.__typename === 'InvalidInputError') return { state: 'refused', problems: problemsIn(answer) };
  return { state: 'failed', texts: toNoticeTexts(error, answer) ?? NO_ANSWER };
}

const NO_ANSWER: NoticeTexts = { title: 'The gateway gave no price', details: [], requestId: null };
