import { invalid } from '../envelope.ts';
import { isRecord } from '../settings.ts';

/** The JSON object of a request. */
export type Body = Readonly<Record<string, unknown>>;

/** Returns the name that Kling's messages use for a field: `input.voiceSpeed` for `voice_speed`. */
export function toInternalName(field: string): string {
  return `input.${field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** Reads a text. Returns null if it is missing, null or empty, as Kling treats all three alike. */
export function readText(body: Body, field: string): string | null {
  const value = body[field];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalid(`${toInternalName(field)}: must be a string`);
  return value;
}

/** Reads a text that must not be blank. */
export function readRequiredText(body: Body, field: string): string {
  const value = readText(body, field);
  if (value === null || value.trim() === '') throw invalid(`${toInternalName(field)}: must not be blank`);
  return value;
}

/** Reads a required text of at most `charactersMax` code points. */
export function readRequiredTextUpTo(body: Body, field: string, charactersMax: number): string {
  const value = readRequiredText(body, field);
  if (Array.from(value).length > charactersMax) {
    throw invalid(`${toInternalName(field)}: size must be between 1 and ${charactersMax}`);
  }
  return value;
}

/** Reads a required integer of milliseconds. */
export function readRequiredMs(body: Body, field: string): number {
  const value = body[field];
  if (value === undefined || value === null) throw invalid(`${toInternalName(field)}: must not be null`);
  if (!Number.isSafeInteger(value)) throw invalid(`${toInternalName(field)}: must be an integer`);
  if (Number(value) < 0) throw invalid(`${toInternalName(field)}: must be greater than or equal to 0`);
  return Number(value);
}

/** Reads a number from `min` to `max`, both included. */
export function readNumber(body: Body, field: string, min: number, max: number, fallback: number): number {
  const value = body[field];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'number') throw invalid(`${toInternalName(field)}: must be a number`);
  if (value < min) throw invalid(`${toInternalName(field)}: must be greater than or equal to ${min.toFixed(1)}`);
  if (value > max) throw invalid(`${toInternalName(field)}: must be less than or equal to ${max.toFixed(1)}`);
  return value;
}

/** Reads the one of two fields that is filled. Refuses both and neither. */
export function readExactlyOne<A extends string, B extends string>(
  body: Body,
  first: A,
  second: B,
): { readonly field: A | B; readonly value: string } {
  const a = readText(body, first);
  const b = readText(body, second);
  const names = `${toInternalName(first)} and ${toInternalName(second)}`;
  if (a !== null && b !== null) throw invalid(`${names} are mutually exclusive`);
  if (a !== null) return { field: first, value: a };
  if (b !== null) return { field: second, value: b };
  throw invalid(`${names} cannot both be empty`);
}

/** Extensions of scripts that serve files of any type. */
const SCRIPTS = new Set(['php', 'asp', 'aspx', 'jsp', 'cgi']);

/** Checks a URL. An extension at the end of its path must be allowed, or belong to a script. */
export function checkUrl(value: string, field: string, extensions: readonly string[] | null): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid(`${toInternalName(field)}: must be a valid URL`);
  }
  const extension = /\.([a-z0-9]+)$/i.exec(url.pathname)?.[1]?.toLowerCase();
  const isJudged = extensions !== null && extension !== undefined && !SCRIPTS.has(extension);
  if (isJudged && !extensions.includes(extension)) {
    throw invalid(`${toInternalName(field)}: unsupported format .${extension}, only .${extensions.join('/.')}`);
  }
  return value;
}

/** Reads the URL for the callbacks of a task. Null if it wants none. */
export function readCallbackUrl(body: Body): string | null {
  const value = readText(body, 'callback_url');
  return value === null ? null : checkUrl(value, 'callback_url', null);
}

/** Whether the caller also wants a result with a watermark. */
export function readWatermark(body: Body): boolean {
  const value = body['watermark_info'];
  if (value === undefined || value === null) return false;
  const enabled = isRecord(value) ? (value['enabled'] ?? false) : null;
  if (typeof enabled !== 'boolean') throw invalid('input.watermarkInfo.enabled: must be a boolean');
  return enabled;
}

/** One page of a list. `page` counts from 1. */
export interface Page {
  readonly page: number;
  readonly pageSize: number;
}

/** The highest page number of every list. */
const pageMax = 1000;

/** Reads `pageNum` and `pageSize`. The defaults are 1 and 30. */
export function readPage(query: URLSearchParams, pageSizeMax: number): Page {
  return { page: readCount(query, 'pageNum', 1, pageMax), pageSize: readCount(query, 'pageSize', 30, pageSizeMax) };
}

function readCount(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === null || text === '') return fallback;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`${name}: must be an integer`);
  if (value < 1) throw invalid(`${name}: must be greater than or equal to 1`);
  if (value > max) throw invalid(`${name}: must be less than or equal to ${max}`);
  return value;
}
