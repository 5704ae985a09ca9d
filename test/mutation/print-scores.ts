import { readFileSync } from 'node:fs';

/** Prints one table for all groups, from Stryker's reports. A score that is too low has already failed in Stryker. */

const GROUPS = { auth: ['auth', 'object'], domain: ['domain'], callbacks: ['callbacks'] } as const;

/** The counted part of https://github.com/stryker-mutator/mutation-testing-elements. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

function statusesOf(name: string): string[] {
  const report = JSON.parse(readFileSync(`test-artefacts/mutation/${name}.json`, 'utf8')) as Report;
  return Object.values(report.files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
}

function toRow(group: string, reports: readonly string[]) {
  const statuses = reports.flatMap(statusesOf);
  const count = (status: string) => statuses.filter((its) => its === status).length;
  const [killed, timeout, survived] = [count('Killed'), count('Timeout'), count('Survived')];
  const uncovered = count('NoCoverage');
  const score = Math.floor((1000 * (killed + timeout)) / (killed + timeout + survived + uncovered)) / 10;
  return { group, killed, timeout, survived, 'no coverage': uncovered, 'score (%)': score };
}

const rows = Object.entries(GROUPS).map(([group, reports]) => toRow(group, reports));
// oxlint-disable-next-line no-console -- a command line program
console.table([...rows, toRow('total', Object.values(GROUPS).flat())]);
