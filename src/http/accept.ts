import { createBoundedCache } from '../lib/bounded-cache.ts';

/** What one answer in JSON may be called: https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types */
export type JsonType = 'application/json' | 'application/graphql-response+json';

/** Clients send the same few; a longer one is worked out each time. */
const known = createBoundedCache<JsonType | null>({ charsPerEntryMax: 256, charsMax: 4_096 });

/**
 * The JSON that a client accepts, by the first of its `accept` that is one, whatever it weighs: as Yoga does, so that an
 * answer does not depend on who makes it. Null: it takes none.
 */
export function jsonTypeOf(accept: string | null): JsonType | null {
  const text = accept || '*/*';
  const before = known.get(text);
  if (before !== undefined) return before;
  const type = firstJsonType(text);
  known.set(text, type);
  return type;
}

/** Whether a client takes none of the formats that there are. */
export function acceptsNothing(accept: string | null): boolean {
  if (jsonTypeOf(accept) !== null) return false;
  return !mediaTypesOf(accept ?? '').some((mediaType) => STREAMS.has(mediaType));
}

const STREAMS = new Set(['text/event-stream', 'text/*', 'multipart/mixed', 'multipart/*', '*/event-stream', '*/mixed']);

function firstJsonType(accept: string): JsonType | null {
  for (const mediaType of mediaTypesOf(accept)) {
    const [type = '', subtype = ''] = mediaType.split('/');
    if (type !== 'application' && type !== '*') continue;
    if (subtype === 'json' || subtype === '*') return 'application/json';
    if (subtype === 'graphql-response+json') return 'application/graphql-response+json';
  }
  return null;
}

/** In order; those in another charset than UTF-8 left out. */
function mediaTypesOf(accept: string): string[] {
  return accept
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .flatMap((entry) => {
      const [mediaType = '', ...params] = entry.split(';');
      const charset = params.find((param) => param.startsWith('charset='))?.slice('charset='.length);
      return charset === undefined || isUtf8(charset) ? [mediaType] : [];
    });
}

/** Whether a charset is UTF-8, also with quotes around it, or without the hyphen, as some clients write it. */
export function isUtf8(charset: string): boolean {
  return ['utf-8', 'utf8', '"utf-8"', '"utf8"'].includes(charset.toLowerCase());
}
