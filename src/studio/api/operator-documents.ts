import { graphql, type ResultOf } from './graphql.ts';

export const ResourcePacksDocument = graphql(`
  query ResourcePacks {
    operator {
      resourcePacks {
        klingPackId
        name
        klingStatus
        remainingUnits
        totalUnits
        expiresAt
      }
    }
  }
`);

export const KlingTasksDocument = graphql(`
  query KlingTasks($list: KlingList!, $page: Int!, $pageSize: Int!) {
    operator {
      klingTasks(list: $list, page: $page, pageSize: $pageSize) {
        items {
          klingTaskId
          klingStatus
          klingStatusMessage
          klingCreatedAt
          unitsDeducted
        }
      }
    }
  }
`);

export type KlingTask = NonNullable<
  NonNullable<ResultOf<typeof KlingTasksDocument>['operator']>['klingTasks']
>['items'][number];
