import type { TaskHandle } from '../domain/ports.ts';

/** The types that `node` finds. Every id contains the name of its type, so renaming one is a breaking change. */
export const NODE_TYPES = [
  'LipSyncTask',
  'VoiceTask',
  'Voice',
  'FaceScan',
  'Face',
  'Speech',
  'Media',
  'WebhookEndpoint',
  'WebhookDelivery',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

const ASCII = /^[ -~]*$/;

/** A decoded id: the type of the object, and its id within the type. */
export interface GlobalId {
  readonly typename: string;
  readonly id: string;
}

/** Stands for an id that this gateway did not make. No object has it. */
export const NO_OBJECT: GlobalId = { typename: '', id: '' };

/** Returns whether `node` finds objects of this type. */
export function isNodeType(typename: string): boolean {
  return NODE_TYPES.some((type) => type === typename);
}

/** Encodes `Type:id` in base64url without padding. The result needs no escaping in URLs. */
export function encodeGlobalId(typename: string, id: string): string {
  const text = `${typename}:${id}`;
  const base64 = btoa(ASCII.test(text) ? text : toBinary(text));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function toBinary(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** Returns null if `encodeGlobalId` would not make exactly this text. So each object has one id, and clients can cache by it. */
export function decodeGlobalId(globalId: string): GlobalId | null {
  const text = decodeText(globalId);
  const colon = text?.indexOf(':') ?? -1;
  if (text === null || colon < 1 || colon === text.length - 1) return null;
  const decoded = { typename: text.slice(0, colon), id: text.slice(colon + 1) };
  return encodeGlobalId(decoded.typename, decoded.id) === globalId ? decoded : null;
}

/** Returns the id within the type. Returns null for an id of another type. */
export function idOf(type: NodeType, globalId: GlobalId | null | undefined): string | null {
  return globalId?.typename === type ? globalId.id : null;
}

/** Returns the task that a global id names. Returns null for an id of another type. */
export function taskHandleOf({ typename, id }: GlobalId): TaskHandle | null {
  if (typename === 'LipSyncTask') return { id, kind: 'LIP_SYNC' };
  return typename === 'VoiceTask' ? { id, kind: 'VOICE' } : null;
}

function decodeText(globalId: string): string | null {
  try {
    const binary = atob(globalId.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
