import { decoyId } from '../../../src/ledger/isolation.ts';
import { decodeGlobalId, encodeGlobalId } from '../../../src/schema/builder.ts';

/** Returns an id of the same kind, form and length that never existed. */
export function neverLike(text: string): string {
  const global = decodeGlobalId(text);
  if (global !== null) return encodeGlobalId(global.typename, decoyId(global.id, Math.random));
  const [, list, owner, seq] = /^(\w+)-(\w+)\.(\d+)$/.exec(decoded(text)) ?? [];
  // The last letter of padded base64 stays, because most other letters make it invalid.
  const end = /\w=+$/.exec(text)?.[0] ?? '';
  if (list === undefined || owner === undefined)
    return decoyId(text.slice(0, text.length - end.length), Math.random) + end;
  return btoa(`${list}-${decoyId(owner, Math.random)}.${seq}`).replaceAll('=', '');
}

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}

/** Fields that differ between two equal calls: request ids, and what a mutation creates. */
const OF_THE_CALL = /^(requestId|klingRequestId)$/;
const MADE_ANEW =
  /^(id|klingTaskId|klingSessionId|klingAudioId|url|imageUrl|cursor|startCursor|endCursor|klingFaceId|createdAt|updatedAt|startedAt|endedAt|expiresAt|at|sequence|externalId|klingExternalTaskId|klingCreatedAt|klingUpdatedAt|secret|klingRequestId|requestId)$/;

/** The states of a task that Kling has taken and not ended, in GraphQL and at Kling. */
const IN_PROGRESS = /^(?:submitted|processing)$/i;

/**
 * Normalizes an answer, so that answers which reveal no difference are equal: replaces the id in question, and what
 * differs in every call. Everything else that a read shows stays.
 */
export function likenessOf(answer: string, asked: string, isMutation: boolean): string {
  const anonymous = answer
    .replaceAll(asked, '<asked>')
    .replaceAll(decodeGlobalId(asked)?.id ?? asked, '<asked>')
    .replaceAll(encodeURIComponent(asked), '<asked>')
    // Messages about a URL quote its first 20 characters.
    .replaceAll(asked.length > 20 ? asked.slice(0, 20) : asked, '<asked>');
  const pattern = isMutation ? new RegExp(`${OF_THE_CALL.source}|${MADE_ANEW.source}`) : OF_THE_CALL;
  return JSON.stringify(JSON.parse(anonymous), (key, value: unknown) => {
    // A mutation that changes a task makes its log longer. Reads compare the log.
    // On a busy machine, a task that a mutation makes is under way before the answer.
    if (isMutation && (key === 'events' || key === 'startedAt')) return '<of the call>';
    if (isMutation && typeof value === 'string' && IN_PROGRESS.test(value)) return '<in progress>';
    return typeof value === 'string' || typeof value === 'number'
      ? pattern.test(key)
        ? '<of the call>'
        : value
      : value;
  });
}
