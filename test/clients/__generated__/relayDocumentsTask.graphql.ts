/**
 * @generated SignedSource<<333282d93ba1f28e8fa4dbb12bd15518>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ReaderInlineDataFragment } from 'relay-runtime';
export type ErrorCode = "AUDIO_UNREADABLE" | "BAD_USER_INPUT" | "CONFLICT" | "CONTENT_REJECTED" | "CREATE_OUTCOME_UNKNOWN" | "DEADLINE_EXCEEDED" | "FACE_ANGLE" | "FORBIDDEN" | "INPUT_REJECTED" | "INTERNAL" | "MULTIPLE_SPEAKERS" | "NOT_CONFIGURED" | "NOT_FOUND" | "NOT_SENT" | "NO_FACE_DETECTED" | "NO_RESULT" | "QUERY_TOO_COMPLEX" | "QUOTA_EXHAUSTED" | "RATE_LIMITED" | "STAGE_OUTCOME_UNKNOWN" | "TASK_LOST_AT_KLING" | "UNAUTHENTICATED" | "UPSTREAM_ERROR" | "UPSTREAM_MISCONFIGURED" | "UPSTREAM_UNAVAILABLE" | "%future added value";
export type TaskStatus = "CANCELLED" | "FAILED" | "PREPARING" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
import { FragmentRefs } from "relay-runtime";
export type relayDocumentsTask$data = {
  readonly __typename: string;
  readonly failure: {
    readonly __typename: string;
    readonly code: ErrorCode;
    readonly message: string;
  } | null | undefined;
  readonly id: string;
  readonly label: string | null | undefined;
  readonly status: TaskStatus;
  readonly videos?: ReadonlyArray<{
    readonly url: string | null | undefined;
  }>;
  readonly voices?: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
  }>;
  readonly " $fragmentType": "relayDocumentsTask";
};
export type relayDocumentsTask$key = {
  readonly " $data"?: relayDocumentsTask$data;
  readonly " $fragmentSpreads": FragmentRefs<"relayDocumentsTask">;
};

const node: ReaderInlineDataFragment = {
  "kind": "InlineDataFragment",
  "name": "relayDocumentsTask"
};

(node as any).hash = "ee9925682298c2116252e7d082a02cfa";

export default node;
