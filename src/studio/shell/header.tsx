import { useQuery } from 'urql';
import { ViewerDocument } from '../api/documents.ts';
import { Button } from '../ui/button.tsx';
import { Icon, Logo, type IconName } from '../ui/icon.tsx';
import { useConnection, useScopes } from '../session/api-context.ts';
import { isOpenTo, type Route } from './route.ts';

const LINKS: readonly { readonly screen: Route['screen']; readonly label: string; readonly icon: IconName }[] = [
  { screen: 'talk', label: 'Make it talk', icon: 'talk' },
  { screen: 'tasks', label: 'Tasks', icon: 'list' },
  { screen: 'lip-sync', label: 'New lip-sync', icon: 'plus' },
  { screen: 'voices', label: 'Voices', icon: 'wave' },
  { screen: 'files', label: 'Files', icon: 'folder' },
  { screen: 'webhooks', label: 'Webhooks', icon: 'send' },
  { screen: 'account', label: 'Kling account', icon: 'gauge' },
];

const CONNECTION = { live: 'Live', connecting: 'Connecting', offline: 'Offline', idle: 'Not live' } as const;

const TENANT_SCOPES = ['lipsync:read', 'lipsync:write', 'voices:read'];

/** The link that stays marked on a screen without one. */
const PARENTS: Readonly<Partial<Record<Route['screen'], Route['screen']>>> = { task: 'tasks', webhook: 'webhooks' };

interface Props {
  readonly route: Route;
  readonly onSignOut: () => void;
}

export function Header({ route, onSignOut }: Props) {
  const [{ data }] = useQuery({ query: ViewerDocument });
  const connection = useConnection();
  // Most callers are tenants, so their links are shown at once.
  const scopes = useScopes() ?? TENANT_SCOPES;
  const current = PARENTS[route.screen] ?? route.screen;
  return (
    <header className="header">
      <a className="brand" href="#/">
        <Logo />
        <span>Studio</span>
      </a>
      <nav aria-label="Screens" className="nav">
        {LINKS.filter(({ screen }) => isOpenTo(screen, scopes)).map(({ screen, label, icon }) => (
          <a key={screen} href={`#/${screen}`} aria-current={current === screen ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{label}</span>
          </a>
        ))}
      </nav>
      <div className="account">
        {isOpenTo('tasks', scopes) ? (
          <span className="connection" data-state={connection}>
            {CONNECTION[connection]}
          </span>
        ) : null}
        <span className="tenant" title="Account">
          {data?.viewer.tenant}
        </span>
        <Button kind="quiet" onPress={onSignOut}>
          Sign out
        </Button>
      </div>
    </header>
  );
}
