import type { DocumentNode, GraphQLSchema } from 'graphql';
import { createAudioInputs } from '../graphql/audio-inputs.ts';
import type { Documents } from '../graphql/documents.ts';
import { parseDocument } from '../graphql/limits.ts';
import type { StartTimer } from '../lib/timer.ts';
import type { LargeBodies } from './large-bodies.ts';
import {
  checkJsonContent,
  checkNoContent,
  fromUrl,
  type GraphqlParams,
  methodOf,
  parseBodyJson,
  type RawParams,
  toParams,
} from './raw-params.ts';
import { type BodyLimits, readBody, tooLarge } from './read-body.ts';

export interface ReadRequest {
  /** `query` is the text of the document, even if the request named the document by an id or a hash. */
  readonly params: GraphqlParams;
  /** The id in the manifest by which the request named its document; null if it did not. */
  readonly documentId: string | null;
}

/**
 * Reads the parameters of a request. `tenant` is that of the caller, whose token has been checked. GET carries them in the
 * URL, POST in JSON and nothing else: any site may send a form without a preflight. Keys that the specification does not
 * know are dropped, as it demands. Throws request errors only.
 */
export type ReadParams = (request: Request, tenant: string) => Promise<ReadRequest>;

export interface ReadParamsDeps {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly limits: BodyLimits;
  /** The caller of `ReadParams` calls `leave` once the request is answered. */
  readonly largeBodies: Pick<LargeBodies, 'enter'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly startTimer: StartTimer;
}

/** Build it once per isolate. */
export function createReadParams({
  schema,
  documents,
  limits,
  largeBodies,
  now,
  startTimer,
}: ReadParamsDeps): ReadParams {
  const audioInputs = createAudioInputs(schema);

  async function read(request: Request, tenant: string): Promise<ReadRequest> {
    if (methodOf(request) === 'GET') {
      checkNoContent(request.headers);
      return await find(toParams(fromUrl(request.url)));
    }
    checkJsonContent(request.headers);
    const admitLarge = (): Promise<void> => largeBodies.enter(request, tenant);
    const body = await readBody(request, limits, { now, startTimer, admitLarge });
    const isLarge = body.bytes > limits.bytesMax;
    const { json, unescapedBytes } = parseBodyJson(body, limits);
    const raw = toParams(json);
    if (isLarge && (raw.query?.length ?? 0) > limits.bytesMax) throw tooLarge(limits, 'The document is too long.');
    const found = await find(raw);
    if (isLarge) checkAudio(found.params, unescapedBytes);
    return found;
  }

  async function find({ query, documentId, ...others }: RawParams): Promise<ReadRequest> {
    const document = await documents.find({ query, documentId, extensions: others.extensions ?? null });
    return { params: { query: document.text, ...others }, documentId: document.documentId };
  }

  /** Throws a request error unless all of a large body but `bytesMax` bytes is audio for the mutation that it runs. */
  function checkAudio({ query, operationName, variables }: GraphqlParams, unescapedBytes: number): void {
    const chars = audioInputs.countChars(parseLarge(query), operationName, variables ?? {});
    if (chars === null) throw tooLarge(limits, 'This document has no such mutation.');
    const others = unescapedBytes - chars;
    if (others > limits.bytesMax) throw tooLarge(limits, `Beside the audio this one has ${others} bytes.`);
  }

  function parseLarge(query: string): DocumentNode {
    try {
      return parseDocument(query);
    } catch (error) {
      throw tooLarge(limits, `This document cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return read;
}
