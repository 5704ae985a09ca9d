/** The media types that results are sent as, and the ranges that cover them. */
const ACCEPTABLE = new Set([
  'application/json',
  'application/graphql-response+json',
  'application/*',
  '*/*',
  '*/json',
  '*/graphql-response+json',
  'text/event-stream',
  'text/*',
  'multipart/mixed',
  'multipart/*',
  '*/event-stream',
  '*/mixed',
]);

/** Returns true if a client accepts none of the formats that results are sent in. */
export function acceptsNothing(accept: string | null): boolean {
  return accept !== null && accept !== '' && !mediaTypesOf(accept).some((mediaType) => ACCEPTABLE.has(mediaType));
}

/**
 * Removes charsets from `accept`, and media types in another charset than UTF-8: Yoga knows no spelling but
 * `charset=utf-8`.
 */
export function withPlainAccept(request: Request): Request {
  const accept = request.headers.get('accept');
  if (accept === null || !accept.toLowerCase().includes('charset')) return request;
  const headers = new Headers(request.headers);
  headers.set('accept', rangesOf(accept).join(', '));
  return new Request(request, { headers });
}

function mediaTypesOf(accept: string): string[] {
  return rangesOf(accept).map((range) => range.split(';', 1)[0] ?? '');
}

/** In order and without blanks and charsets. Those in another charset than UTF-8 are left out. */
function rangesOf(accept: string): string[] {
  return accept
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .flatMap((range) => {
      const parts = range.split(';');
      const charset = parts.find((part) => part.startsWith('charset='))?.slice('charset='.length);
      if (charset === undefined) return [range];
      return isUtf8(charset) ? [parts.filter((part) => !part.startsWith('charset=')).join(';')] : [];
    });
}

/** Whether a charset is UTF-8, also with quotes around it, or without the hyphen, as some clients write it. */
export function isUtf8(charset: string): boolean {
  return ['utf-8', 'utf8', '"utf-8"', '"utf8"'].includes(charset.toLowerCase());
}
