/**
 * @generated SignedSource<<60fd0fbb33d9902b33d9bfde85b472c7>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "FAILED" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type CreateVoiceTaskInput = {
  externalId?: string | null | undefined;
  label?: string | null | undefined;
  metadata?: ReadonlyArray<MetadataInput>;
  name: string;
  sample: VoiceSampleInput;
};
export type MetadataInput = {
  key: string;
  value: string;
};
export type VoiceSampleInput = {
  klingVideoId: string;
  url?: never;
} | {
  klingVideoId?: never;
  url: string;
};
export type relayCallsCreateVoiceMutation$variables = {
  input: CreateVoiceTaskInput;
};
export type relayCallsCreateVoiceMutation$data = {
  readonly createVoiceTask: {
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
    "concreteType": "CreateVoiceTaskPayload",
    "kind": "LinkedField",
    "name": "createVoiceTask",
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
    "cacheID": "0b335465f4d9370d6a44701566a5a003",
    "id": null,
    "metadata": {},
    "name": "relayCallsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": "mutation relayCallsCreateVoiceMutation(\n  $input: CreateVoiceTaskInput!\n) {\n  createVoiceTask(input: $input) {\n    task {\n      id\n      status\n      externalId\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "454041dcb97b491433f4432f3e9e5c8b";

export default node;
