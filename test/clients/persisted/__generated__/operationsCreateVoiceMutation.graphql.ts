/**
 * @generated SignedSource<<8e038871a2a2e70789920146971868a7>>
 * @relayHash 2690bd1b35b6180d97f8b3aed2b67971
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID cde347460ca92f0dd4161951449600441c07ff82a8901b54f524034e00fef873

import { ConcreteRequest } from 'relay-runtime';
export type ErrorCode = "AUDIO_UNREADABLE" | "BAD_USER_INPUT" | "CONFLICT" | "CONTENT_REJECTED" | "CREATE_OUTCOME_UNKNOWN" | "DEADLINE_EXCEEDED" | "FACE_ANGLE" | "FORBIDDEN" | "INPUT_REJECTED" | "INTERNAL" | "MULTIPLE_SPEAKERS" | "NOT_CONFIGURED" | "NOT_FOUND" | "NOT_SENT" | "NO_FACE_DETECTED" | "NO_RESULT" | "QUERY_TOO_COMPLEX" | "QUOTA_EXHAUSTED" | "RATE_LIMITED" | "STAGE_OUTCOME_UNKNOWN" | "TASK_LOST_AT_KLING" | "UNAUTHENTICATED" | "UPSTREAM_ERROR" | "UPSTREAM_MISCONFIGURED" | "UPSTREAM_UNAVAILABLE" | "%future added value";
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
export type operationsCreateVoiceMutation$variables = {
  input: CreateVoiceTaskInput;
};
export type operationsCreateVoiceMutation$data = {
  readonly createVoiceTask: {
    readonly code?: ErrorCode;
    readonly id?: string;
    readonly message?: string;
    readonly status?: TaskStatus;
  } | null | undefined;
};
export type operationsCreateVoiceMutation = {
  response: operationsCreateVoiceMutation$data;
  variables: operationsCreateVoiceMutation$variables;
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
    }
  ],
  "type": "VoiceTask",
  "abstractKey": null
},
v4 = {
  "kind": "InlineFragment",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "code",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "message",
      "storageKey": null
    }
  ],
  "type": "Failure",
  "abstractKey": "__isFailure"
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsCreateVoiceMutation",
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
          (v4/*:: as any*/)
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
    "name": "operationsCreateVoiceMutation",
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
          (v4/*:: as any*/),
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
    "id": "cde347460ca92f0dd4161951449600441c07ff82a8901b54f524034e00fef873",
    "metadata": {},
    "name": "operationsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "9a9d4f2cc0da6bdadceb2293465bc666";

export default node;
