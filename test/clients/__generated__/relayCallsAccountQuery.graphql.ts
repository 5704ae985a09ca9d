/**
 * @generated SignedSource<<60e87bd9bcd2c64b2608d2b4607b1841>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { Result } from "relay-runtime";
export type relayCallsAccountQuery$variables = Record<PropertyKey, never>;
export type relayCallsAccountQuery$data = {
  readonly account: Result<{
    readonly resourcePacks: ReadonlyArray<{
      readonly name: string;
    }> | null | undefined;
  } | null | undefined, unknown>;
};
export type relayCallsAccountQuery = {
  response: relayCallsAccountQuery$data;
  variables: relayCallsAccountQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "concreteType": "Account",
  "kind": "LinkedField",
  "name": "account",
  "plural": false,
  "selections": [
    {
      "alias": null,
      "args": null,
      "concreteType": "ResourcePack",
      "kind": "LinkedField",
      "name": "resourcePacks",
      "plural": true,
      "selections": [
        {
          "alias": null,
          "args": null,
          "kind": "ScalarField",
          "name": "name",
          "storageKey": null
        }
      ],
      "storageKey": null
    }
  ],
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "relayCallsAccountQuery",
    "selections": [
      {
        "kind": "CatchField",
        "field": (v0/*:: as any*/),
        "to": "RESULT"
      }
    ],
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "relayCallsAccountQuery",
    "selections": [
      (v0/*:: as any*/)
    ]
  },
  "params": {
    "cacheID": "840e9430a9195cb14ac7ad336ab96706",
    "id": null,
    "metadata": {},
    "name": "relayCallsAccountQuery",
    "operationKind": "query",
    "text": "query relayCallsAccountQuery {\n  account {\n    resourcePacks {\n      name\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "6b64e359366cf38a0817bfd0269a28a3";

export default node;
