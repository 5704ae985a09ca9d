import graphqlEslint from '@graphql-eslint/eslint-plugin';

/** Checks schema.graphql by Relay's rules, in `npm run check:schema`. */
export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphqlEslint.parser,
      parserOptions: { graphQLConfig: { schema: process.env.RELAY_SCHEMA ?? 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphqlEslint },
    rules: {
      // The specification requires one direction or both. Lists go forward only, because their cursors mark how far a reader is.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/relay-connection-types': 'error',
      '@graphql-eslint/relay-edge-types': [
        'error',
        {
          // An event of a task is not a node. Clients find it only by the cursor before it.
          shouldImplementNode: false,
          // Short lists without pages are plain lists: faces of a scan, videos and voices of a task, scopes of a viewer.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
      '@graphql-eslint/relay-page-info': 'error',
    },
  },
];
