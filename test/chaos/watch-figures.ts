import { differenceOf } from './history-check.ts';
import type { HistoryEvidence } from './history.ts';

/** Formats the figures of the watchers of a round. */
export function watchFigures({ histories, events }: HistoryEvidence): readonly string[] {
  const byTransport = [...Map.groupBy(histories, ({ transport }) => transport)].map(([transport, theirs]) => {
    return `${new Set(theirs.map(({ watcher }) => watcher)).size} ${transport}`;
  });
  const differences = histories.map((history) => differenceOf(history, events));
  const deliveries = histories.reduce((sum, { told }) => sum + told.length, 0);
  const reconnects = histories.reduce((sum, { connections }) => sum + connections.length - 1, 0);
  const count = (what: 'missing' | 'repeated' | 'outOfOrder'): number =>
    differences.reduce((sum, difference) => sum + difference[what].length, 0);
  return [
    `watchers: ${byTransport.join(', ')}; ${histories.length} subscriptions, ${deliveries} deliveries, ${reconnects} reconnects`,
    `  ${count('missing')} missing, ${count('repeated')} repeated, ${count('outOfOrder')} out of order`,
  ];
}
