import { HUB_ATTACKS } from './hub-attacks.ts';
import { READ_ATTACKS } from './read-attacks.ts';
import { ROOM_ATTACKS } from './room-attacks.ts';
import type { TenantAttack } from './attack.ts';

/** All attacks of tenant A, in the order of their numbers. */
export const TENANT_ATTACKS: readonly TenantAttack[] = [...HUB_ATTACKS, ...READ_ATTACKS, ...ROOM_ATTACKS].toSorted(
  (a, b) => a.name.localeCompare(b.name),
);
