import { useState, type ReactNode } from 'react';
import { useQuery } from 'urql';
import { KlingTasksDocument, ResourcePacksDocument, type KlingTask } from '../api/operator-documents.ts';
import { Button } from '../ui/button.tsx';
import { formatDateTime } from '../ui/format.ts';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { Segments } from '../ui/segments.tsx';

/** The Kling account, for operators. */
export function AccountScreen() {
  return (
    <>
      <div className="screen-head">
        <div>
          <h1>Kling account</h1>
          <p className="muted">Units and tasks of all tenants, as Kling reports them.</p>
        </div>
      </div>
      <div className="account-sections">
        <section aria-labelledby="account-units">
          <h2 id="account-units">Units</h2>
          <ResourcePacks />
        </section>
        <section aria-labelledby="account-tasks">
          <h2 id="account-tasks">Tasks at Kling</h2>
          <KlingTasks />
        </section>
      </div>
    </>
  );
}

function ResourcePacks() {
  const [{ data, error }] = useQuery({ query: ResourcePacksDocument });
  const packs = data?.operator?.resourcePacks;
  if (error !== undefined) return <ErrorNotice error={error} />;
  if (packs == null) return <Skeleton rows={1} label="Loading the units" />;
  if (packs.length === 0) return <p className="muted">No packs were bought in the last year.</p>;
  return (
    <Table label="Units" columns={['Pack', 'Units left', 'Status', 'Expires']}>
      {packs.map(({ klingPackId, name, klingStatus, remainingUnits, totalUnits, expiresAt }) => (
        <tr key={klingPackId}>
          <td>{name}</td>
          <td>{`${remainingUnits ?? 'unknown'} of ${totalUnits ?? 'unknown'}`}</td>
          <td>{klingStatus}</td>
          <td>{expiresAt === null ? '' : formatDateTime(expiresAt)}</td>
        </tr>
      ))}
    </Table>
  );
}

const LISTS = [
  { value: 'LIP_SYNCS', label: 'Lip-syncs' },
  { value: 'CUSTOM_VOICES', label: 'Voices' },
] as const;

const PAGE_SIZE = 20;

function KlingTasks() {
  const [list, setList] = useState<(typeof LISTS)[number]['value']>('LIP_SYNCS');
  const [page, setPage] = useState(1);
  const [{ data, error, fetching }] = useQuery({
    query: KlingTasksDocument,
    variables: { list, page, pageSize: PAGE_SIZE },
  });
  const items = data?.operator?.klingTasks?.items;
  return (
    <>
      <div className="filters">
        <Segments label="Kind" options={LISTS} value={list} onChange={(chosen) => (setList(chosen), setPage(1))} />
      </div>
      {error === undefined ? null : <ErrorNotice error={error} />}
      {items === undefined && fetching ? <Skeleton rows={3} label="Loading the tasks" /> : null}
      {items === undefined ? null : <KlingTaskTable items={items} />}
      <div className="account-pages">
        <Button disabled={page === 1} onPress={() => setPage(page - 1)}>
          Newer
        </Button>
        {/* Kling does not report the number of pages. A full page may be the last one. */}
        <Button disabled={items === undefined || items.length < PAGE_SIZE} onPress={() => setPage(page + 1)}>
          Older
        </Button>
      </div>
    </>
  );
}

function KlingTaskTable({ items }: { readonly items: readonly KlingTask[] }) {
  if (items.length === 0) return <p className="muted">Kling lists no tasks here.</p>;
  return (
    <Table label="Tasks at Kling" columns={['Task', 'Status', 'Created', 'Units']}>
      {items.map(({ klingTaskId, klingStatus, klingStatusMessage, klingCreatedAt, unitsDeducted }, index) => (
        <tr key={klingTaskId ?? index}>
          <td>{klingTaskId ?? 'unknown'}</td>
          <td>{[klingStatus ?? 'unknown', klingStatusMessage].filter(Boolean).join(': ')}</td>
          <td>{klingCreatedAt === null ? '' : formatDateTime(klingCreatedAt)}</td>
          <td>{unitsDeducted}</td>
        </tr>
      ))}
    </Table>
  );
}

interface TableProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ReactNode;
}

/** A table that scrolls sideways on small screens, also by keyboard. */
function Table({ label, columns, children }: TableProps) {
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
