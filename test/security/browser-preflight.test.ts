import { describe, it } from 'vitest';
import { ALLOWED_ORIGIN, preflight } from '../support/browser.ts';
import { openSandbox } from '../support/ledger.ts';

openSandbox('browser-preflight', { CORS_ORIGINS: ALLOWED_ORIGIN, CORS_HEADERS: 'x-my-trace-id' });

describe('a preflight', () => {
  it.for<[who: string, names: string]>([
    ['a tracing client', 'traceparent,tracestate,baggage,sentry-trace,x-datadog-trace-id,x-datadog-sampling-priority'],
    ['client awareness', 'apollographql-client-name,graphql-client-version'],
    ['CORS_HEADERS', 'x-my-trace-id'],
  ])('allows the headers of %s', async ([, names], { expect }) => {
    const response = await preflight(ALLOWED_ORIGIN, names);
    const allowed = response.headers.get('access-control-allow-headers')?.split(', ') ?? [];
    expect(allowed).toEqual(expect.arrayContaining(names.split(',')));
  });

  it('allows no other requested header', async ({ expect }) => {
    const names = ['x-evil', 'x-datadog-', `x-datadog-${'a'.repeat(50)}`, 'x-datadog-<script>', 'cookie'];
    const response = await preflight(ALLOWED_ORIGIN, names.join(','));
    const allowed = response.headers.get('access-control-allow-headers')?.split(', ') ?? [];
    expect(allowed.filter((name) => names.includes(name))).toEqual([]);
  });

  it('allows only the first 50 requested headers', async ({ expect }) => {
    const names = Array.from({ length: 60 }, (_, i) => `x-datadog-${i}`);
    const response = await preflight(ALLOWED_ORIGIN, names.join(','));
    const allowed = response.headers.get('access-control-allow-headers')?.split(', ') ?? [];
    expect(allowed.filter((name) => name.startsWith('x-datadog-'))).toEqual(names.slice(0, 50));
  });
});
