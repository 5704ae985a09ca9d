/**
 * @generated SignedSource<<f722098f2467ba49d7df889ab59aac70>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "CANCELLED" | "FAILED" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type relayOperationsTaskSubscription$variables = {
  after?: string | null | undefined;
  id: string;
};
export type relayOperationsTaskSubscription$data = {
  readonly taskChanged: {
    readonly cursor: string;
    readonly sequence: number;
    readonly task: {
      readonly id: string;
      readonly status: TaskStatus;
    };
  };
};
export type relayOperationsTaskSubscription = {
  response: relayOperationsTaskSubscription$data;
  variables: relayOperationsTaskSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "after"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "id"
},
v2 = [
  {
    "kind": "Variable",
    "name": "after",
    "variableName": "after"
  },
  {
    "kind": "Variable",
    "name": "id",
    "variableName": "id"
  }
],
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "cursor",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "sequence",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v6 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "status",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [
      (v0/*:: as any*/),
      (v1/*:: as any*/)
    ],
    "kind": "Fragment",
    "metadata": null,
    "name": "relayOperationsTaskSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "TaskUpdate",
        "kind": "LinkedField",
        "name": "taskChanged",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          (v4/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "task",
            "plural": false,
            "selections": [
              (v5/*:: as any*/),
              (v6/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "relayOperationsTaskSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v2/*:: as any*/),
        "concreteType": "TaskUpdate",
        "kind": "LinkedField",
        "name": "taskChanged",
        "plural": false,
        "selections": [
          (v3/*:: as any*/),
          (v4/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "task",
            "plural": false,
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "__typename",
                "storageKey": null
              },
              (v5/*:: as any*/),
              (v6/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "2f3e204eda225e88f1dc1f9fd5dbd1d9",
    "id": null,
    "metadata": {},
    "name": "relayOperationsTaskSubscription",
    "operationKind": "subscription",
    "text": "subscription relayOperationsTaskSubscription(\n  $id: ID!\n  $after: String\n) {\n  taskChanged(id: $id, after: $after) {\n    cursor\n    sequence\n    task {\n      __typename\n      id\n      status\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "b7fcf45e3721446b629b9d3ae2f9b869";

export default node;
