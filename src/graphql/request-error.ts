import { GraphQLError } from 'graphql';
import type { ErrorCode } from '../errors.ts';

/** A request that is refused before any of it is executed. Its `http` is for Yoga, which answers with it and removes it. */
export function requestError(
  code: ErrorCode,
  message: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status, headers } } });
}
