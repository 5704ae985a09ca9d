import { group } from './group.mjs';

/** The way of a callback, from its request to what the ledger does about it. */
export default group({
  name: 'callbacks',
  mutate: ['src/http/callback.ts', 'src/kling/tasks.ts', 'src/ledger/ingest.ts'],
});
