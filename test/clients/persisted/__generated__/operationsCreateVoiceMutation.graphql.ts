/**
 * @generated SignedSource<<a4cc92e1088f38fe2a18671155c39cd3>>
 * @relayHash fde1107e855d1a977472b58426c773df
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID b105a66123d4eedb8d047f85faaa04394751edfe5ecb16df20e5b84e77e1f121

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
export type operationsCreateVoiceMutation$variables = {
  input: CreateVoiceInput;
};
export type operationsCreateVoiceMutation$data = {
  readonly createVoice: {
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
    "id": "b105a66123d4eedb8d047f85faaa04394751edfe5ecb16df20e5b84e77e1f121",
    "metadata": {},
    "name": "operationsCreateVoiceMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "20fcbb92d26f02293ac5ac7a3b22b169";

export default node;
