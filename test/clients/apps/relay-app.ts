import { commitMutation, fetchQuery, readInlineData, requestSubscription } from 'relay-runtime';
import cloneVoice, {
  type relayDocumentsCloneVoiceMutation,
} from '../__generated__/relayDocumentsCloneVoiceMutation.graphql.ts';
import list, { type relayDocumentsListQuery } from '../__generated__/relayDocumentsListQuery.graphql.ts';
import taskParts, { type relayDocumentsTask$key as Task } from '../__generated__/relayDocumentsTask.graphql.ts';
import watch, {
  type relayDocumentsWatchSubscription,
} from '../__generated__/relayDocumentsWatchSubscription.graphql.ts';
import { createWsClient } from '../recipes/graphql-ws.ts';
import { createEnvironment } from '../recipes/relay.ts';
import type { App, AppOptions } from './app.ts';

function lineOf(task: Task): string {
  const { label, status, failure, voices = [], videos = [] } = readInlineData(taskParts, task);
  const results = [...voices.map(({ name }) => name), ...videos.map(({ url }) => url)];
  return [label, status, failure?.code, ...results].filter(Boolean).join(' ');
}

function linesOf({ createVoiceTask: answer }: relayDocumentsCloneVoiceMutation['response']): readonly string[] {
  if (!answer) return ['Something went wrong.'];
  const { task, issues, retryable, message = '' } = answer;
  if (task) return [lineOf(task)];
  if (issues) return issues.map(({ path, message: problem }) => `${path.join('.')}: ${problem}`);
  return [retryable ? 'Try again later.' : message];
}

export function createRelayApp({ url, socketUrl, getToken }: AppOptions): App {
  const sockets = createWsClient(socketUrl, getToken);
  const environment = createEnvironment(url, getToken, sockets);
  return {
    async list() {
      const data = await fetchQuery<relayDocumentsListQuery>(environment, list, {}).toPromise();
      return (data?.tasks.nodes ?? []).map(lineOf);
    },
    cloneVoice: (name, sampleUrl) =>
      new Promise((resolve, reject) => {
        commitMutation<relayDocumentsCloneVoiceMutation>(environment, {
          mutation: cloneVoice,
          variables: { input: { name, label: name, sample: { url: sampleUrl } } },
          onCompleted: (data) => resolve(linesOf(data)),
          onError: reject,
        });
      }),
    watch(onLine) {
      const { dispose } = requestSubscription<relayDocumentsWatchSubscription>(environment, {
        subscription: watch,
        variables: {},
        onNext: (data) => data && onLine(lineOf(data.taskUpdates.task)),
      });
      return dispose;
    },
    close: () => void sockets.dispose(),
  };
}
