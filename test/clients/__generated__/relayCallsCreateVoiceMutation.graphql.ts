/**
 * @generated SignedSource<<4de07ac396f2ea0831c5eb21e35e4448>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type ErrorCode = "AUDIO_UNREADABLE" | "BAD_USER_INPUT" | "CONFLICT" | "CONTENT_REJECTED" | "CREATE_OUTCOME_UNKNOWN" | "DEADLINE_EXCEEDED" | "FACE_ANGLE" | "FORBIDDEN" | "INPUT_REJECTED" | "INTERNAL" | "MULTIPLE_SPEAKERS" | "NOT_CONFIGURED" | "NOT_FOUND" | "NOT_SENT" | "NO_FACE_DETECTED" | "NO_RESULT" | "QUERY_TOO_COMPLEX" | "QUOTA_EXHAUSTED" | "RATE_LIMITED" | "STAGE_OUTCOME_UNKNOWN" | "TASK_LOST_AT_KLING" | "UNAUTHENTICATED" | "UPSTREAM_ERROR" | "UPSTREAM_MISCONFIGURED" | "UPSTREAM_UNAVAILABLE" | "%future added value";
export type IssueCode = "CLIP_OUTSIDE_AUDIO" | "CLIP_OUTSIDE_FACE" | "CLIP_OUTSIDE_VIDEO" | "CLIP_TOO_SHORT" | "DURATION_UNKNOWN" | "EXPIRED" | "FETCH_FAILED" | "FILE_TOO_LARGE" | "INPUT_NOT_KEPT" | "MALFORMED" | "MEDIA_NOT_READY" | "NOT_FOUND" | "NOT_UNIQUE" | "NO_AUDIO_TRACK" | "NO_SUCH_FACE" | "OUT_OF_RANGE" | "TOO_LONG" | "TOO_SHORT" | "UNSUPPORTED_FORMAT" | "UNSUPPORTED_RESOLUTION" | "URL_NOT_ALLOWED" | "VOICE_CANNOT_SPEAK" | "WRONG_ID_TYPE" | "%future added value";
export type TaskStatus = "CANCELLED" | "FAILED" | "PREPARING" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type CreateVoiceTaskInput = {
  externalId?: string | null | undefined;
  label?: string | null | undefined;
  metadata?: ReadonlyArray<MetadataInput>;
  name: string;
  sample: VoiceSampleInput;
  webhookUrl?: string | null | undefined;
};
export type MetadataInput = {
  key: string;
  value: string;
};
export type VoiceSampleInput = {
  klingVideoId: string;
  mediaId?: never;
  url?: never;
} | {
  klingVideoId?: never;
  mediaId: string;
  url?: never;
} | {
  klingVideoId?: never;
  mediaId?: never;
  url: string;
};
export type relayCallsCreateVoiceMutation$variables = {
  input: CreateVoiceTaskInput;
};
export type relayCallsCreateVoiceMutation$data = {
  readonly createVoiceTask: {
    readonly code?: ErrorCode;
    readonly externalId?: string | null | undefined;
    readonly id?: string;
    readonly issues?: ReadonlyArray<{
      readonly code: IssueCode;
      readonly message: string;
      readonly path: ReadonlyArray<string>;
    }>;
    readonly message?: string;
    readonly status?: TaskStatus;
  } | null | undefined;
};
export type relayCallsCreateVoiceMutation = {
  response: relayCallsCreateVoiceMutation$data;
  variables: relayCallsCreateVoiceMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "input",
    "variableName": "input"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v3 = {
  "kind": "InlineFragment",
  "selections": [
    (v2/*:: as any*/),
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "status",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "externalId",
      "storageKey": null
    }
  ],
  "type": "VoiceTask",
  "abstractKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "code",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "message",
  "storageKey": null
},
v6 = {
  "kind": "InlineFragment",
  "selections": [
    (v4/*:: as any*/),
    (v5/*:: as any*/)
  ],
  "type": "Failure",
  "abstractKey": "__isFailure"
},
v7 = {
  "kind": "InlineFragment",
  "selections": [
    {
      "alias": null,
      "args": null,
      "concreteType": "Issue",
      "kind": "LinkedField",
      "name": "issues",
      "plural": true,
      "selections": [
        (v4/*:: as any*/),
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "path",
          "storageKey": null
        },
        (v5/*:: as any*/)
      ],
      "storageKey": null
    }
  ],
  "type": "InvalidInputError",
  "abstractKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "relayCallsCreateVoiceMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "createVoiceTask",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          (v6/*:: as any*/),
          (v7/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "relayCallsCreateVoiceMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "createVoiceTask",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "__typename",
            "storageKey": null
          },
          (v3/*:: as any*/),
          (v6/*:: as any*/),
          (v7/*:: as any*/),
          {
            "kind": "InlineFragment",
            "selections": [
              (v2/*:: as any*/)
            ],
            "type": "Node",
            "abstractKey": "__isNode"
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "3cde8542f0be0645a80067943789e817",
    "id": null,
    "metadata": {},
    "name": "relayCallsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": "mutation relayCallsCreateVoiceMutation(\n  $input: CreateVoiceTaskInput!\n) {\n  createVoiceTask(input: $input) {\n    __typename\n    ... on VoiceTask {\n      id\n      status\n      externalId\n    }\n    ... on Failure {\n      __isFailure: __typename\n      code\n      message\n    }\n    ... on InvalidInputError {\n      issues {\n        code\n        path\n        message\n      }\n    }\n    ... on Node {\n      __isNode: __typename\n      id\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "1e05138abce437a8c71b058c0b3602a6";

export default node;
