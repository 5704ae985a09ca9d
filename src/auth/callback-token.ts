import { createSignedTokens } from './signed-token.ts';

/** The task that a callback URL was made for, and its tenant. */
export interface CallbackSubject {
  readonly tenant: string;
  readonly taskId: string;
}

/** The tokens in callback URLs. They never expire, because a task may take days. */
export interface CallbackTokens {
  mint(subject: CallbackSubject): Promise<string>;
  /** Returns the subject of a token; null unless it was minted with one of the secrets. Compares in constant time. */
  verify(token: string): Promise<CallbackSubject | null>;
}

/** Creates tokens with `secrets`, of which there is at least one. The first one signs, all of them verify. */
export function createCallbackTokens(secrets: readonly string[]): CallbackTokens {
  const tokens = createSignedTokens<readonly [tenant: string, taskId: string]>(secrets, '');
  return {
    mint: ({ tenant, taskId }) => tokens.mint([tenant, taskId]),
    async verify(token) {
      const subject = await tokens.verify(token);
      return subject === null ? null : { tenant: subject[0], taskId: subject[1] };
    },
  };
}
