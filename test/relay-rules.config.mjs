import graphqlEslint from '@graphql-eslint/eslint-plugin';

/** Relay's rules over schema.graphql: `npm run check:schema`. */
export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphqlEslint.parser,
      parserOptions: { graphQLConfig: { schema: process.env.RELAY_SCHEMA ?? 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphqlEslint },
    rules: {
      // The specification asks for one way or both. Lists go forward only: their cursors stand for where a reader has got to.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/relay-connection-types': 'error',
      '@graphql-eslint/relay-edge-types': [
        'error',
        {
          // An event of a task has no identity to be asked for by: it is told once, behind a cursor.
          shouldImplementNode: false,
          // What is few and comes whole is a plain list: a scan's faces, a task's videos and voices, a viewer's scopes.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
      '@graphql-eslint/relay-page-info': 'error',
    },
  },
];
