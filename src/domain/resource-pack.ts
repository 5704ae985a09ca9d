/**
 * Where a resource pack stands. `PENDING`: bought, not yet in effect. `USED_UP`: nothing remains. `UNRECOGNIZED`: Kling
 * named a state that this gateway does not know.
 */
export const RESOURCE_PACK_STATUSES = ['PENDING', 'ACTIVE', 'USED_UP', 'EXPIRED', 'UNRECOGNIZED'] as const;
export type ResourcePackStatus = (typeof RESOURCE_PACK_STATUSES)[number];

/** Units bought in advance by the account at Kling, of which every task takes its share. */
export interface ResourcePack {
  readonly packId: string;
  readonly name: string;
  /** Kling's `resource_pack_type`, such as `decreasing_total`; null when not sent. */
  readonly klingType: string | null;
  /** Units, as decimal strings; null when not sent. What remains is up to 12 hours late. */
  readonly totalUnits: string | null;
  readonly remainingUnits: string | null;
  /** Milliseconds since the epoch; null when not sent. */
  readonly purchasedAtMs: number | null;
  readonly effectiveAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly status: ResourcePackStatus;
  /** Kling's own word for the status. */
  readonly klingStatus: string;
}

/** The packs whose purchase falls between two instants, in milliseconds since the epoch. */
export interface ResourcePackRequest {
  readonly startMs: number;
  readonly endMs: number;
}
