/**
 * @generated SignedSource<<27c8441bde95e6786b70cbdf06eafb37>>
 * @relayHash fad8dc212767735fbf650810b6fc8a87
 * @lightSyntaxTransform
 * @codegen-command: npm run generate -- relay
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID c5b85199c13b6fbb023e065bf2d1c285464a16898df00196fecd7507b8998d20

import { ConcreteRequest } from 'relay-runtime';
export type TaskStatus = "CANCELLED" | "FAILED" | "PROCESSING" | "QUEUED" | "SUBMITTED" | "SUCCEEDED" | "UNRECOGNIZED" | "%future added value";
export type operationsTaskSubscription$variables = {
  after?: string | null | undefined;
  id: string;
};
export type operationsTaskSubscription$data = {
  readonly taskChanged: {
    readonly cursor: string;
    readonly sequence: number;
    readonly task: {
      readonly id: string;
      readonly status: TaskStatus;
    };
  };
};
export type operationsTaskSubscription = {
  response: operationsTaskSubscription$data;
  variables: operationsTaskSubscription$variables;
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
    "name": "operationsTaskSubscription",
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
    "name": "operationsTaskSubscription",
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
    "id": "c5b85199c13b6fbb023e065bf2d1c285464a16898df00196fecd7507b8998d20",
    "metadata": {},
    "name": "operationsTaskSubscription",
    "operationKind": "subscription",
    "text": null
  }
};
})();

(node as any).hash = "d23b56515fe0da7874f5907aaba71702";

export default node;
