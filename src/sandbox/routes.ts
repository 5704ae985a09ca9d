import type { Handler } from './account-context.ts';
import { KlingFailure } from './envelope.ts';
import { createLipSync, identifyFace } from './endpoints/lip-sync.ts';
import { listTasks, listTasksByIds, readCosts, readTask } from './endpoints/reads.ts';
import { synthesize } from './endpoints/speech.ts';
import { createVoice, deleteVoice, listPresetVoices } from './endpoints/voices.ts';

/** One endpoint. A `make` takes effect even if its answer is lost. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** `:id` matches one segment. */
  readonly path: string;
  readonly kind: 'make' | 'read' | 'delete';
  readonly handle: Handler;
  /** The fields of the body that a call that is charged at once is for. One of them is set. Missing for other routes. */
  readonly paidFor?: readonly string[];
}

const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/general/custom-voices', kind: 'make', handle: createVoice },
  { method: 'GET', path: '/v1/general/custom-voices/:id', kind: 'read', handle: readTask('voice') },
  { method: 'GET', path: '/v1/general/custom-voices', kind: 'read', handle: listTasks('voice', 1000) },
  { method: 'GET', path: '/v1/general/presets-voices', kind: 'read', handle: listPresetVoices },
  { method: 'POST', path: '/v1/general/delete-voices', kind: 'delete', handle: deleteVoice },
  {
    method: 'POST',
    path: '/v1/videos/identify-face',
    kind: 'make',
    handle: identifyFace,
    paidFor: ['video_url', 'video_id'],
  },
  { method: 'POST', path: '/v1/videos/advanced-lip-sync', kind: 'make', handle: createLipSync },
  { method: 'GET', path: '/v1/videos/advanced-lip-sync/:id', kind: 'read', handle: readTask('lip-sync') },
  { method: 'GET', path: '/v1/videos/advanced-lip-sync', kind: 'read', handle: listTasks('lip-sync', 500) },
  { method: 'POST', path: '/v1/audio/tts', kind: 'make', handle: synthesize, paidFor: ['text'] },
  { method: 'GET', path: '/account/costs', kind: 'read', handle: readCosts },
  { method: 'GET', path: '/tasks', kind: 'read', handle: listTasksByIds },
];

/** Finds the endpoint of a call and the id in its path. Throws 1203 for an unknown path and 1202 for a wrong method. */
export function findRoute(method: string, path: string): { readonly route: Route; readonly id: string } {
  const onPath = routes.flatMap((route) => {
    const id = matchPath(route.path, path);
    return id === null ? [] : [{ route, id }];
  });
  if (onPath.length === 0) throw new KlingFailure(1203);
  const found = onPath.find(({ route }) => route.method === method);
  if (found === undefined) throw new KlingFailure(1202);
  return found;
}

function matchPath(pattern: string, path: string): string | null {
  if (!pattern.endsWith('/:id')) return pattern === path ? '' : null;
  const prefix = pattern.slice(0, -':id'.length);
  const segment = path.startsWith(prefix) ? path.slice(prefix.length) : '';
  return segment === '' || segment.includes('/') ? null : decodeSegment(segment);
}

/** Decodes a path segment. Returns a segment with wrong escapes as it is. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
