import { GraphQLError } from 'graphql';
import { type ErrorCode, type Failure, GatewayError } from '../errors.ts';

/**
 * What automatic persisted queries are refused with, word for word as their clients look for it; no `ErrorCode`, since a
 * client sends the text by itself then and shows nobody. https://www.apollographql.com/docs/apollo-server/performance/apq
 */
export const PERSISTED_QUERY_CODES = ['PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_SUPPORTED'] as const;

export type RequestErrorCode = ErrorCode | (typeof PERSISTED_QUERY_CODES)[number];

/** A request that is refused before any of it is executed. Its `http` is for Yoga, which answers with it and removes it. */
export function requestError(
  code: RequestErrorCode,
  message: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
}

/** A failure of the gateway that refuses a request as a whole. The time to wait, if it is known, is also sent as `Retry-After`. */
export function requestFailure(failure: Failure, status: number): GraphQLError {
  const { message, retryAfterMs } = failure;
  const headers = retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) };
  return new GraphQLError(message, {
    originalError: new GatewayError(failure),
    extensions: { http: { status, headers } },
  });
}
