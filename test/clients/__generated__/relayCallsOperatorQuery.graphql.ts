/**
 * @generated SignedSource<<f621ade6bdcc98037ec0851cf662e893>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { Result } from "relay-runtime";
export type relayCallsOperatorQuery$variables = Record<PropertyKey, never>;
export type relayCallsOperatorQuery$data = {
  readonly operator: Result<{
    readonly resourcePacks: ReadonlyArray<{
      readonly name: string;
    }> | null | undefined;
  } | null | undefined, unknown>;
};
export type relayCallsOperatorQuery = {
  response: relayCallsOperatorQuery$data;
  variables: relayCallsOperatorQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "concreteType": "OperatorQuery",
  "kind": "LinkedField",
  "name": "operator",
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
    "name": "relayCallsOperatorQuery",
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
    "name": "relayCallsOperatorQuery",
    "selections": [
      (v0/*:: as any*/)
    ]
  },
  "params": {
    "cacheID": "d6e35c6c14ea4ab93541dc635c6f4fcf",
    "id": null,
    "metadata": {},
    "name": "relayCallsOperatorQuery",
    "operationKind": "query",
    "text": "query relayCallsOperatorQuery {\n  operator {\n    resourcePacks {\n      name\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "ab822ec3ec722fc0204d71b4cbd2c417";

export default node;
