import type { ResourcePack, ResourcePackRequest } from '../domain/cost.ts';
import type { UpstreamPage } from '../domain/ports.ts';
import {
  decimalOrNull,
  type Envelope,
  epochMsOrNull,
  numberOrNull,
  recordOf,
  recordsOf,
  textOrNull,
  toPage,
  type WireRecord,
} from './envelope.ts';
import type { Call } from './transport.ts';

/**
 * `GET /account/costs`: free, one call per second. The answer is an envelope inside an envelope. Either may be a refusal,
 * and the inner one has `msg` for `message`. Source: Kling docs, "Query user info", 2026-09.
 */
export function listResourcePacksCall({ startMs, endMs }: ResourcePackRequest): Call<UpstreamPage<ResourcePack>> {
  return {
    method: 'GET',
    path: '/account/costs',
    query: `start_time=${startMs}&end_time=${endMs}`,
    interpret: unwrap,
    decode: (envelope) =>
      toPage(
        envelope,
        recordsOf(recordOf(envelope.data)['resource_pack_subscribe_infos']).flatMap(
          (record) => toResourcePack(record) ?? [],
        ),
      ),
  };
}

function unwrap(outer: Envelope): Envelope {
  const inner = recordOf(outer.data);
  const code = numberOrNull(inner['code']) ?? 0;
  return !outer.ok || code === 0 ? outer : { ...outer, ok: false, code, message: textOrNull(inner['msg']) ?? '' };
}

function toResourcePack(record: WireRecord): ResourcePack | null {
  const packId = textOrNull(record['resource_pack_id']);
  if (packId === null) return null;
  return {
    packId,
    name: textOrNull(record['resource_pack_name']) ?? '',
    klingType: textOrNull(record['resource_pack_type']),
    totalUnits: decimalOrNull(record['total_quantity']),
    remainingUnits: decimalOrNull(record['remaining_quantity']),
    purchasedAtMs: epochMsOrNull(record['purchase_time']),
    effectiveAtMs: epochMsOrNull(record['effective_time']),
    expiresAtMs: epochMsOrNull(record['invalid_time']),
    klingStatus: textOrNull(record['status']) ?? '',
  };
}
