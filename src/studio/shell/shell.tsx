import { Activity, useEffect, useRef, Component, type ReactNode } from 'react';
import { useScopes } from '../session/api-context.ts';
import { Announcer } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { ConnectionNotice } from './connection-notice.tsx';
import { Footer } from './footer.tsx';
import { Header } from './header.tsx';
import { createLazyScreen } from './lazy-screen.tsx';
import { firstScreen, isOpenTo, useRoute, type Route } from './route.ts';
import { useLiveTasks } from './use-live-tasks.ts';

/** Each is loaded when it is shown. The most common ones are loaded after the first, which does not need them. */
const TalkScreen = createLazyScreen(async () => (await import('../talk/talk-screen.tsx')).TalkScreen);
const TasksScreen = createLazyScreen(async () => (await import('../tasks/tasks-screen.tsx')).TasksScreen);
const TaskScreen = createLazyScreen(async () => (await import('../tasks/task-view.tsx')).TaskScreen);
const LipSyncScreen = createLazyScreen(async () => (await import('../lip-sync/lip-sync-screen.tsx')).LipSyncScreen);
const AccountScreen = createLazyScreen(async () => (await import('../operator/account-screen.tsx')).AccountScreen);
const FilesScreen = createLazyScreen(async () => (await import('../files/files-screen.tsx')).FilesScreen);
const WebhooksScreen = createLazyScreen(async () => (await import('../webhooks/webhooks-screen.tsx')).WebhooksScreen);
const VoicesScreen = createLazyScreen(async () => (await import('../voices/voices-screen.tsx')).VoicesScreen);

const PRELOADED = [TalkScreen, TasksScreen, TaskScreen, LipSyncScreen, VoicesScreen, FilesScreen];

/** The requests of the first screen come first. */
export const PRELOAD_AFTER_MS = 1500;

const TITLES: Readonly<Record<Route['screen'], string>> = {
  talk: 'Make it talk',
  tasks: 'Tasks',
  task: 'Task',
  'lip-sync': 'New lip-sync',
  voices: 'Voices',
  files: 'Files',
  webhooks: 'Webhooks',
  webhook: 'Webhook',
  account: 'Kling account',
};

export function Shell({ onSignOut }: { readonly onSignOut: () => void }) {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(route.screen);
  const scopes = useScopes();
  const first = scopes === null ? null : firstScreen(scopes);
  useLiveTasks();

  useEffect(() => {
    if (scopes !== null && first !== null && !isOpenTo(route.screen, scopes)) location.replace(`#/${first}`);
  }, [route.screen, scopes, first]);

  // So that the other screens can be opened without a connection.
  useEffect(() => {
    const timer = setTimeout(() => void Promise.all(PRELOADED.map((screen) => screen.preload())), PRELOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    document.title = `${TITLES[route.screen]} · Studio`;
    // Lets a screen reader continue on the new screen. Not needed for the first one.
    if (shown.current !== route.screen) main.current?.focus();
    shown.current = route.screen;
  }, [route.screen]);

  return (
    <div className="shell">
      <Announcer />
      <a className="skip-link" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        Skip to content
      </a>
      <Header route={route} onSignOut={onSignOut} />
      <main ref={main} id="main" tabIndex={-1} className="main">
        <ConnectionNotice />
        {scopes !== null && first === null ? <NothingOpen /> : <Screens route={route} />}
      </main>
      <Footer />
    </div>
  );
}

function Screens({ route }: { readonly route: Route }) {
  return (
    <>
      <ErrorBoundary key={route.screen}>
        {route.screen === 'tasks' ? <TasksScreen filter={route.filter} /> : null}
        {route.screen === 'task' ? <TaskScreen key={route.id} id={route.id} /> : null}
        {route.screen === 'voices' ? <VoicesScreen /> : null}
        {route.screen === 'files' ? <FilesScreen /> : null}
        {route.screen === 'webhooks' || route.screen === 'webhook' ? (
          <WebhooksScreen id={route.screen === 'webhook' ? route.id : null} />
        ) : null}
        {route.screen === 'account' ? <AccountScreen /> : null}
      </ErrorBoundary>
      {/* Hidden instead of removed, so that its inputs are kept. */}
      <Activity mode={route.screen === 'talk' ? 'visible' : 'hidden'}>
        <ErrorBoundary>
          <TalkScreen />
        </ErrorBoundary>
      </Activity>
      <Activity mode={route.screen === 'lip-sync' ? 'visible' : 'hidden'}>
        <ErrorBoundary>
          <LipSyncScreen />
        </ErrorBoundary>
      </Activity>
    </>
  );
}

function NothingOpen() {
  return (
    <Notice tone="warning" title="Your token can’t open anything here">
      It has no scope for tasks, voices, webhooks or the Kling account. Sign in with another token.
    </Notice>
  );
}

interface State {
  readonly broken: boolean;
}

/** Limits the failure of a screen to that screen. A new `key` resets it. */
class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { broken: false };

  static getDerivedStateFromError(): State {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div role="alert">
        <Notice tone="danger" title="Couldn’t show this screen">
          <p>Your tasks continue.</p>
          <Button onPress={() => location.reload()}>Reload the page</Button>
        </Notice>
      </div>
    );
  }
}
