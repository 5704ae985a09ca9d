import { group } from './group.mjs';

/** The path of a callback, from its request to the ledger. */
export default group({
  name: 'callbacks',
  mutate: ['src/http/callback.ts', 'src/kling/tasks.ts', 'src/ledger/ingest.ts'],
});
