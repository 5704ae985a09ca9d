import { toRequest } from '../../http/http-client.ts';
import { type Caller, type HttpPool, toGraphqlRequest } from './http-pool.ts';

/** 5 MB of what looks like an MP3, in base64. */
const AUDIO = `SUQz${'A'.repeat(6_990_000)}`;

/** What one such request weighs. */
export const LARGE_MB = 7;

const SCAN = 'mutation ($input: IdentifyFacesInput!) { identifyFaces(input: $input) { faceScan { faces { id } } } }';
const LIP_SYNC = 'mutation ($input: CreateLipSyncTaskInput!) { createLipSyncTask(input: $input) { task { id } } }';
const PLACEMENT = { cropStartMs: 0, cropEndMs: 3_000, insertAtMs: 500, videoDurationMs: 10_000 };

/** A request with the largest audio there may be. It has no external id: each time it is sent it makes another task. */
export async function largeLipSync(caller: Caller, pool: HttpPool): Promise<Buffer> {
  const video = { url: 'https://example.com/person-10s.mp4' };
  const { body } = await pool.ask(toGraphqlRequest(caller, { query: SCAN, variables: { input: { video } } }));
  const { data } = JSON.parse(body.toString()) as {
    readonly data: { readonly identifyFaces: { readonly faceScan: { readonly faces: readonly { id: string }[] } } };
  };
  const faceId = data.identifyFaces.faceScan.faces[0]?.id;
  const variables = { input: { faceId, sound: { base64: AUDIO }, placement: PLACEMENT } };
  const headers = { Authorization: caller.authorization };
  return toRequest('POST', '/graphql', JSON.stringify({ query: LIP_SYNC, variables }), headers);
}
