/**
 * @generated SignedSource<<44ab185c1016cb607ad43e15714344df>>
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "CANCELLED" | "FAILED" | "PREPARING" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type relayOperationsTasksSubscription$variables = {
  after?: string | null | undefined;
};
export type relayOperationsTasksSubscription$data = {
  readonly taskUpdates: {
    readonly cursor: string;
    readonly sequence: number;
    readonly task: {
      readonly id: string;
      readonly status: TaskStatus;
    };
  };
};
export type relayOperationsTasksSubscription = {
  response: relayOperationsTasksSubscription$data;
  variables: relayOperationsTasksSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "after"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "after",
    "variableName": "after"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "cursor",
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "sequence",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "status",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "relayOperationsTasksSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "TaskUpdate",
        "kind": "LinkedField",
        "name": "taskUpdates",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": null,
            "kind": "LinkedField",
            "name": "task",
            "plural": false,
            "selections": [
              (v4/*:: as any*/),
              (v5/*:: as any*/)
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
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "relayOperationsTasksSubscription",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": "TaskUpdate",
        "kind": "LinkedField",
        "name": "taskUpdates",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          (v3/*:: as any*/),
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
              (v4/*:: as any*/),
              (v5/*:: as any*/)
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "fb51f72fa0ef41cf3df7a889c0a599ce",
    "id": null,
    "metadata": {},
    "name": "relayOperationsTasksSubscription",
    "operationKind": "subscription",
    "text": "subscription relayOperationsTasksSubscription(\n  $after: String\n) {\n  taskUpdates(after: $after) {\n    cursor\n    sequence\n    task {\n      __typename\n      id\n      status\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "6893762f9aa9e6d1750744d907c7e7f6";

export default node;
