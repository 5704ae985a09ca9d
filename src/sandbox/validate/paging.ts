import { invalid } from '../codes.ts';

/** One page of a list; `page` counts from 1. */
export interface Page {
  readonly page: number;
  readonly pageSize: number;
}

/** Kling's highest page number, for every list. */
const pageMax = 1000;

/** Reads pageNum and pageSize: 1 and 30 when left out. */
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
