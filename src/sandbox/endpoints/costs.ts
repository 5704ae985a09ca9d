import type { Handler } from '../account-context.ts';
import { KlingFailure, invalid } from '../codes.ts';
import { hashText } from '../random.ts';

/** One call a second. */
const gapMs = 1000;
const yearMs = 365 * 24 * 3600 * 1000;

/** GET /account/costs: the account's one resource pack, in an envelope within the envelope. */
export const readCosts: Handler = (call, account) => {
  const startTime = readTime(call.query, 'start_time');
  const endTime = readTime(call.query, 'end_time');
  if (endTime < startTime) throw invalid('endTime: must not be earlier than startTime');
  if (call.now - account.record.counter('costsReadAt') < gapMs) throw new KlingFailure(1302);
  account.record.setCounter('costsReadAt', call.now);
  const firstCallAt = account.record.counter('firstCallAt');
  const left = account.settings.units - account.record.counter('charged') / 100;
  const packs = [
    {
      resource_pack_name: 'Sandbox resource pack',
      resource_pack_id: `sandbox-pack-${hashText(account.key)}`,
      resource_pack_type: 'decreasing_total',
      total_quantity: account.settings.units,
      remaining_quantity: Math.max(0, Math.round(left * 100) / 100),
      purchase_time: firstCallAt,
      effective_time: firstCallAt,
      invalid_time: firstCallAt + yearMs,
      status: left > 0 ? 'online' : 'runOut',
    },
  ];
  return {
    data: { code: 0, msg: 'SUCCEED', resource_pack_subscribe_infos: firstCallAt <= endTime ? packs : [] },
  };
};

function readTime(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${name}: must be a Unix timestamp in ms`);
  return Number(text);
}
