/**
 * @generated SignedSource<<fc29212a80034bd6172e9b56d09c3c5b>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "FAILED" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type CreateVoiceInput = {
  externalId?: string | null | undefined;
  label?: string | null | undefined;
  metadata?: ReadonlyArray<MetadataInput>;
  name: string;
  source: VoiceSourceInput;
};
export type MetadataInput = {
  key: string;
  value: string;
};
export type VoiceSourceInput = {
  url: string;
  videoId?: never;
} | {
  url?: never;
  videoId: string;
};
export type relayCallsCreateVoiceMutation$variables = {
  input: CreateVoiceInput;
};
export type relayCallsCreateVoiceMutation$data = {
  readonly createVoice: {
    readonly task: {
      readonly externalId: string | null | undefined;
      readonly id: string;
      readonly status: TaskStatus;
    };
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
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "input",
        "variableName": "input"
      }
    ],
    "concreteType": "CreateVoicePayload",
    "kind": "LinkedField",
    "name": "createVoice",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "VoiceTask",
        "kind": "LinkedField",
        "name": "task",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "id",
            "storageKey": null
          },
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
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "relayCallsCreateVoiceMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "relayCallsCreateVoiceMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "22ff78d480a2477c1dccc2385625158d",
    "id": null,
    "metadata": {},
    "name": "relayCallsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": "mutation relayCallsCreateVoiceMutation(\n  $input: CreateVoiceInput!\n) {\n  createVoice(input: $input) {\n    task {\n      id\n      status\n      externalId\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "d205b1c6cb3766f3608364c83a5ac7b2";

export default node;
