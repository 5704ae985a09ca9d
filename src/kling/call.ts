import type { PageRequest, UpstreamPage } from '../domain/requests.ts';
import { recordOf, textOrNull } from './decode.ts';
import type { WireRecord } from './decode.ts';
import type { Envelope } from './envelope.ts';
import { KlingError, UnreadableAnswer } from './kling-error.ts';

/** One request to Kling as data, and how its answer is read. `GET` is a read and may be sent again; `POST` acts. */
export interface Call<T> {
  readonly method: 'GET' | 'POST';
  /** From the host on, its ids encoded, without the query. */
  readonly path: string;
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: WireRecord;
  /** Sees the answer first, and may find that a refusal is an answer or the reverse. */
  readonly interpret?: (envelope: Envelope) => Envelope;
  /** Maps an answer (`ok`). Throws `UnreadableAnswer` when it lacks what cannot be missing, or `KlingError`. */
  readonly decode: (envelope: Envelope) => T;
}

/**
 * One segment of a path. Throws `NOT_FOUND` for ids that cannot be one: empty, `.` and `..` would name another path,
 * and broken Unicode has no encoding. Nothing is sent then.
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

/** The query of every paged list. */
export function pageQuery({ page, pageSize }: PageRequest): string {
  return `pageNum=${page}&pageSize=${pageSize}`;
}

/** The envelope's `data` as an object. Throws `UnreadableAnswer` when there is no `key` in it: the answer is of no use. */
export function dataWith(envelope: Envelope, key: string): WireRecord {
  const data = recordOf(envelope.data);
  if (textOrNull(data[key]) === null) throw new UnreadableAnswer(`an answer without ${key}`);
  return data;
}

/** A list's items: none when Kling sends no data for an empty page. Throws `UnreadableAnswer` for anything but a list. */
export function dataItems(envelope: Envelope): WireRecord[] {
  const { data } = envelope;
  if (data === undefined || data === null) return [];
  if (!Array.isArray(data)) throw new UnreadableAnswer('a list answered with something else');
  return data.map(recordOf);
}

/** One page of `items`, with the request that told it. */
export function toPage<T>(envelope: Envelope, items: readonly T[]): UpstreamPage<T> {
  return { items, klingRequestId: envelope.requestId };
}
