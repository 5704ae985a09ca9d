/**
 * @generated SignedSource<<c5e9c8005040d2ec6f77bafc79d90d32>>
 * @relayHash 8ad71657b14d2f156c03fecb658373a3
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 504ada442e8499627ae0e6a52edc122459c628d51def2583dd72afa226682108

import { ConcreteRequest } from 'relay-runtime';
export type operationsViewerQuery$variables = Record<PropertyKey, never>;
export type operationsViewerQuery$data = {
  readonly viewer: {
    readonly tenant: string;
  };
};
export type operationsViewerQuery = {
  response: operationsViewerQuery$data;
  variables: operationsViewerQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "alias": null,
    "args": null,
    "concreteType": "Viewer",
    "kind": "LinkedField",
    "name": "viewer",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "tenant",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsViewerQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "operationsViewerQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "id": "504ada442e8499627ae0e6a52edc122459c628d51def2583dd72afa226682108",
    "metadata": {},
    "name": "operationsViewerQuery",
    "operationKind": "query",
    "text": null
  }
};
})();

(node as any).hash = "0ab7e52b59445f8acb58ecf6e8583662";

export default node;
