import { eventTypes } from '../event/change.js';
import { LondisteError } from '../kernel/errors.js';
import { Layouts } from '../londiste/layout.js';
import { repairError, storeRepair, type Repair, type RepairEvent } from '../londiste/repair.js';
import type { SubscribedTable } from '../londiste/table-state.js';
import type { Comparison, TableOutcome } from './compare.js';
import type { Finding } from './findings.js';
import { asImage, compareKeys, rowsByKey } from './keys.js';
import { onBoth } from './bench.js';
import { repairSql } from './repair-sql.js';
import type { Subject } from './subject.js';

/** Rows that replay repairs in one of its transactions. */
const mostRows = 1_000;

/** Rows whose keys are kept in one pass over a table; the next pass finds the others. */
const mostKept = 20_000;

/** Passes over a table: one for every `mostKept` rows, unless they do not become fewer. */
const mostPasses = 1_000;

/** What came of the repair of one table. */
export interface RepairOutcome {
  /** What was found; in the last pass when rows were repaired. */
  readonly outcome: TableOutcome;
  /** Rows that are as the provider has them now. */
  readonly repaired: number;
  /** Why some are not. */
  readonly errors: readonly string[];
}

/** Hands on the statements that would make a table equal, in pieces, and changes nothing. */
export async function planRepair(
  comparison: Comparison,
  table: SubscribedTable,
  { where, onStatements }: { where?: string | undefined; onStatements: (statements: string[]) => void },
): Promise<TableOutcome> {
  const { readers } = comparison.bench;
  return comparison.compare(table, { where }, async (subject, _, findings) => {
    for (const some of pieces(findings, mostRows)) {
      const keys = some.map(({ key }) => key);
      const rows = await onBoth((side) =>
        rowsByKey(readers[side], { subject, side: subject.sides[side], keys }),
      );
      onStatements(
        some.map((finding) =>
          repairSql(subject, finding, {
            provider: rows.provider.get(finding.key),
            subscriber: rows.subscriber.get(finding.key),
          }),
        ),
      );
    }
  });
}

/**
 * Makes a table's rows what the provider has. Which rows differ is found first; then piece by piece what the provider has under these
 * keys at a tick is handed to replay, which writes it in the transaction that reaches that tick; and at the same tick the keys are
 * compared again. So it goes beside replay and writers, and a row that is changed meanwhile ends as it should.
 */
export async function applyRepair(
  comparison: Comparison,
  table: SubscribedTable,
  { where }: { where?: string | undefined } = {},
): Promise<RepairOutcome> {
  let repaired = 0;
  const errors = new Set<string>();
  for (let pass = 1; ; pass += 1) {
    const kept: Finding[] = [];
    let subject: Subject | undefined;
    const outcome = await comparison.compare(table, { where }, (found, _, findings) => {
      subject = found;
      kept.push(...findings.slice(0, mostKept - kept.length));
      return Promise.resolve();
    });
    if (subject === undefined || kept.length === 0) return { outcome, repaired, errors: [...errors] };
    let mended = 0;
    for (const some of pieces(kept, mostRows)) {
      const { left, error } = await repairPiece(comparison, subject, some);
      if (error !== undefined) errors.add(error);
      mended += some.length - left;
    }
    repaired += mended;
    if (mended === 0 || pass === mostPasses) return { outcome, repaired, errors: [...errors] };
  }
}

/** Has replay write one piece, and looks what came of it; returns how many rows still differ. */
async function repairPiece(
  { bench, meetings, digest }: Comparison,
  subject: Subject,
  findings: readonly Finding[],
): Promise<{ left: number; error: string | undefined }> {
  const { subscriber, name, readers } = bench;
  const { provider: there, subscriber: here } = subject.sides;
  const meeting = await meetings.meet({
    provider: there.only,
    subscriber: here.only,
    repair: async () => storeRepair(subscriber, name, await repairOf(bench, subject, findings)),
  });
  try {
    const error = meeting.repair === undefined ? undefined : await repairError(subscriber, meeting.repair);
    const left = await compareKeys(readers, { subject, digest, keys: findings.map(({ key }) => key) });
    return { left: left.length, error };
  } finally {
    await meeting.end();
  }
}

/** What the provider has under the keys, where its reader stands, as events. */
async function repairOf(
  { provider, readers }: Comparison['bench'],
  subject: Subject,
  findings: readonly Finding[],
): Promise<Repair> {
  const { table, registered, columns } = subject;
  const layout = await new Layouts().get(provider, registered.layoutId);
  if (!columns.every((column) => layout.columns.includes(column))) {
    throw new LondisteError(
      'schema',
      `table ${table} was altered on the provider, and its capture is not made anew yet`,
      {
        hint: 'wait for the maintenance of the ticker (30 seconds), then repair again',
      },
    );
  }
  const image = (row: string): string => asImage(row, columns, layout.columns);
  const events =
    subject.key.length === 0
      ? findings.flatMap((finding) => ofBag(finding, image))
      : ofKeys(
          findings,
          await rowsByKey(readers.provider, {
            subject,
            side: subject.sides.provider,
            keys: findings.map(({ key }) => key),
          }),
          image,
        );
  const count = (kind: Finding['kind']): number =>
    findings.reduce((sum, finding) => sum + (finding.kind === kind ? finding.copies : 0), 0);
  return {
    table,
    layoutId: layout.id,
    missing: count('missing'),
    extra: count('extra'),
    different: count('different'),
    events,
  };
}

/** A key that is written in the same way there has its row; any other is gone, whatever is equal to it. */
function ofKeys(
  findings: readonly Finding[],
  rows: ReadonlyMap<string, string>,
  image: (row: string) => string,
): RepairEvent[] {
  const gone = findings.filter(({ key }) => !rows.has(key));
  return [
    ...gone.map(({ key }) => ({ type: eventTypes.gone, flags: null, data: key })),
    ...[...rows.values()].map((row) => ({ type: eventTypes.updated, flags: null, data: image(row) })),
  ];
}

/** By how many copies there are too few or too many: what is applied meanwhile does not change that. */
function ofBag({ kind, key, copies }: Finding, image: (row: string) => string): RepairEvent[] {
  const event =
    kind === 'missing'
      ? { type: eventTypes.inserted, flags: null, data: image(key) }
      : { type: eventTypes.gone, flags: 'old-row', data: image(key) };
  return Array.from({ length: copies }, () => event);
}

function* pieces<T>(all: readonly T[], size: number): Generator<T[], void, undefined> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
