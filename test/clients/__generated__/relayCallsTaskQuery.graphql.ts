/**
 * @generated SignedSource<<25f77a349e339e144f3c484d65271100>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "CANCELLED" | "FAILED" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type relayCallsTaskQuery$variables = {
  id: string;
};
export type relayCallsTaskQuery$data = {
  readonly voiceTask: {
    readonly externalId: string | null | undefined;
    readonly id: string;
    readonly status: TaskStatus;
  } | null | undefined;
};
export type relayCallsTaskQuery = {
  response: relayCallsTaskQuery$data;
  variables: relayCallsTaskQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "id"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "fields": [
          {
            "kind": "Variable",
            "name": "id",
            "variableName": "id"
          }
        ],
        "kind": "ObjectValue",
        "name": "by"
      }
    ],
    "concreteType": "VoiceTask",
    "kind": "LinkedField",
    "name": "voiceTask",
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
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "relayCallsTaskQuery",
    "selections": (v1/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "relayCallsTaskQuery",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "984857af691373a8ddf008dccc5cef8f",
    "id": null,
    "metadata": {},
    "name": "relayCallsTaskQuery",
    "operationKind": "query",
    "text": "query relayCallsTaskQuery(\n  $id: ID!\n) {\n  voiceTask(by: {id: $id}) {\n    id\n    status\n    externalId\n  }\n}\n"
  }
};
})();

(node as any).hash = "b85e5ed336040339dc5c2e2ae8374e90";

export default node;
