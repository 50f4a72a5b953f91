import type { TableOutcome } from '../compare/compare.js';
import type { Finding } from '../compare/findings.js';

/** What came of a table, for people. */
export function outcomeLines(outcome: TableOutcome): string[] {
  const { table, state, reason, hint, rows, findings, ticks } = outcome;
  if (state === 'not-compared')
    return [`${table}: not compared: ${reason}`, ...(hint ? [`  → ${hint}`] : [])];
  const at = ticks === undefined ? '' : ` at tick ${span(ticks)}`;
  if (state === 'equal') return [`${table}: equal${at}: ${rows.provider} rows`];
  const { missing, extra, different, total, first } = findings;
  return [
    `${table}: results do not match${at}: ${rows.provider} rows on the provider, ${rows.subscriber} on the subscriber` +
      (total === 0 ? '' : `; ${missing} missing, ${extra} extra, ${different} different`),
    ...first.map((finding) => `  ${finding.kind.padEnd(9)}  ${shown(finding)}`),
    ...(total > first.length && first.length > 0 ? ['  ...'] : []),
  ];
}

/** The same, for programs. */
export function outcomeJson({ findings, beganAt, ...outcome }: TableOutcome): Record<string, unknown> {
  const { missing, extra, different, first } = findings;
  const began = beganAt === undefined ? null : new Date(beganAt).toISOString();
  return { ...outcome, began, missing, extra, different, differences: first };
}

/** 1 when some table differs; 2 when none does, but not all could be compared. */
export function exitCodeOf(outcomes: readonly TableOutcome[]): number {
  if (outcomes.some(({ state }) => state === 'different')) return 1;
  return outcomes.some(({ state }) => state === 'not-compared') ? 2 : 0;
}

function span({ first, last }: { first: number; last: number }): string {
  return first === last ? `${first}` : `${first} to ${last}`;
}

function shown({ key, copies }: Finding): string {
  return copies === 1 ? key : `${copies} times ${key}`;
}
