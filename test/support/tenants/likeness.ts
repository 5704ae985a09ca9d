import { standInFor } from '../../../src/ledger/stand-in.ts';
import { decodeGlobalId, encodeGlobalId } from '../../../src/schema/global-id.ts';

/** An id of the same kind, form and length that never was. */
export function neverLike(text: string): string {
  const global = decodeGlobalId(text);
  if (global !== null) return encodeGlobalId(global.typename, standInFor(global.id, Math.random));
  const [, list, owner, seq] = /^(\w+)-(\w+)\.(\d+)$/.exec(decoded(text)) ?? [];
  // The last letter of base64 is not free: most make a text that is none.
  const end = /\w=+$/.exec(text)?.[0] ?? '';
  if (list === undefined || owner === undefined)
    return standInFor(text.slice(0, text.length - end.length), Math.random) + end;
  return btoa(`${list}-${standInFor(owner, Math.random)}.${seq}`).replaceAll('=', '');
}

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}

/** What differs between two calls that are alike: numbers of requests, and what a mutation has made anew. */
const OF_THE_CALL = /^(requestId|klingRequestId)$/;
const MADE_ANEW =
  /^(id|klingTaskId|sessionId|audioId|url|imageUrl|cursor|startCursor|endCursor|faceId|createdAt|updatedAt|expiresAt|at|sequence|externalId|klingRequestId|requestId)$/;

/**
 * An answer in which two that tell nothing apart are the same: without the id that was asked for, and without what every
 * call has of its own. What a read shows stays whole.
 */
export function likenessOf(answer: string, asked: string, isMutation: boolean): string {
  const anonymous = answer
    .replaceAll(asked, '<asked>')
    .replaceAll(decodeGlobalId(asked)?.id ?? asked, '<asked>')
    .replaceAll(encodeURIComponent(asked), '<asked>')
    // As much as a message about a URL quotes of it.
    .replaceAll(asked.length > 20 ? asked.slice(0, 20) : asked, '<asked>');
  const pattern = isMutation ? new RegExp(`${OF_THE_CALL.source}|${MADE_ANEW.source}`) : OF_THE_CALL;
  return JSON.stringify(JSON.parse(anonymous), (key, value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? (pattern.test(key) ? '<of the call>' : value) : value,
  );
}
