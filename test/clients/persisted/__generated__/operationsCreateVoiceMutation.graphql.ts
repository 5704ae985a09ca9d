/**
 * @generated SignedSource<<c745babc81ef1e591699671bffce0a41>>
 * @relayHash 9981c65e5a73a617ca7b242bef919c4f
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 14e164c578b8194ca1a74fc50cf496a669c993286415b8d6c7b17da89bd349f2

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
export type operationsCreateVoiceMutation$variables = {
  input: CreateVoiceTaskInput;
};
export type operationsCreateVoiceMutation$data = {
  readonly createVoiceTask: {
    readonly task: {
      readonly id: string;
      readonly status: TaskStatus;
    };
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
    "name": "operationsCreateVoiceMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsCreateVoiceMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "14e164c578b8194ca1a74fc50cf496a669c993286415b8d6c7b17da89bd349f2",
    "metadata": {},
    "name": "operationsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "01a32133c2db77c774e0ceb9d04ade94";

export default node;
