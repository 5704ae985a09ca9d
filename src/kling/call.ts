import type { PageRequest, UpstreamPage } from '../domain/requests.ts';
import { recordOf, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import type { Envelope } from './envelope.ts';
import { KlingError, UnreadableAnswer } from './kling-error.ts';

/** One request to Kling as data, and the decoder of its answer. A `GET` may be sent again. A `POST` acts. */
export interface Call<T> {
  readonly method: 'GET' | 'POST';
  /** The path after the host, without the query. Its ids are encoded. */
  readonly path: string;
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: WireRecord;
  /** Maps the envelope before `ok` is read: it may turn a refusal into an answer, and the reverse. */
  readonly interpret?: (envelope: Envelope) => Envelope;
  /** Maps an answer that is `ok`. Throws `UnreadableAnswer` if a required field is missing, or `KlingError`. */
  readonly decode: (envelope: Envelope) => T;
}

/**
 * Encodes an id as one segment of a path. Throws `NOT_FOUND` for an id that cannot be one: empty, `.` and `..` would name
 * another path, and broken Unicode has no encoding.
 */
export function pathSegment(id: string): string {
  if (id === '' || id === '.' || id === '..' || !id.isWellFormed()) {
    throw new KlingError('REFUSED', {
      code: 'NOT_FOUND',
      message: 'Kling has nothing under this id.',
      retryable: false,
    });
  }
  return encodeURIComponent(id);
}

/** Returns the query string of a paged list. */
export function pageQuery({ page, pageSize }: PageRequest): string {
  return `pageNum=${page}&pageSize=${pageSize}`;
}

/** Returns the envelope's `data` as an object. Throws `UnreadableAnswer` if it has no text under `key`. */
export function dataWith(envelope: Envelope, key: string): WireRecord {
  const data = recordOf(envelope.data);
  if (textOrNull(data[key]) === null) throw new UnreadableAnswer(`an answer without ${key}`);
  return data;
}

/** Returns the items of a list; none if `data` is missing. Throws `UnreadableAnswer` for anything but a list. */
export function dataItems(envelope: Envelope): WireRecord[] {
  const { data } = envelope;
  if (data === undefined || data === null) return [];
  if (!Array.isArray(data)) throw new UnreadableAnswer('a list answered with something else');
  return data.map(recordOf);
}

/** Returns a page of `items` with the id of Kling's request. */
export function toPage<T>(envelope: Envelope, items: readonly T[]): UpstreamPage<T> {
  return { items, klingRequestId: envelope.requestId };
}
