import { isStopped } from '../kernel/clock.js';
import { LondisteError, asLondisteError } from '../kernel/errors.js';
import { meantOrAll } from '../londiste/name.js';
import { findProviderTable } from '../londiste/provider.js';
import { findTable, subscriberGetTableList, type SubscribedTable } from '../londiste/table-state.js';
import type { CompareBench } from './bench.js';
import { digestFor, type Digest } from './digest.js';
import { Findings, type Finding } from './findings.js';
import { Meetings, type Meeting } from './meeting.js';
import { compareRange } from './range-comparison.js';
import type { Pace } from './pace.js';
import { planRanges, type Range, type RangeSizes } from './ranges.js';
import { subjectOf, type Subject } from './subject.js';

export interface CompareOptions {
  /** Only rows that fit this condition, over the provider's column names. */
  readonly where?: string | undefined;
  readonly countOnly?: boolean | undefined;
  /** The part of the table that is looked at, 0 to 1. */
  readonly sample?: number | undefined;
  /** How many of the differing rows are kept. */
  readonly show?: number | undefined;
  readonly sizes?: RangeSizes | undefined;
  /** How quickly ranges may follow one another; as they come when undefined. */
  readonly pace?: Pace | undefined;
}

/** What came of one table. */
export interface TableOutcome {
  readonly table: string;
  readonly state: 'equal' | 'different' | 'not-compared';
  /** Why it was not compared, and what to type. */
  readonly reason?: string;
  readonly hint?: string;
  readonly rows: { readonly provider: number; readonly subscriber: number };
  readonly findings: Findings;
  /** The first and the last tick at which ranges of it were compared. */
  readonly ticks?: { readonly first: number; readonly last: number };
  /** When the first of them was taken, as the clock has it. */
  readonly beganAt?: number;
  readonly ranges: number;
}

/** What is done with the rows that differ while both readers still stand at the tick. */
export type OnFindings = (subject: Subject, meeting: Meeting, findings: readonly Finding[]) => Promise<void>;

/** Compares tables of one subscription: open it, compare, and end the bench's sessions. */
export class Comparison {
  readonly bench: CompareBench;
  readonly meetings: Meetings;
  readonly digest: Digest;

  private constructor(bench: CompareBench, meetings: Meetings, digest: Digest) {
    this.bench = bench;
    this.meetings = meetings;
    this.digest = digest;
  }

  static async open(bench: CompareBench): Promise<Comparison> {
    const meetings = await Meetings.open(bench);
    return new Comparison(bench, meetings, await digestFor(bench));
  }

  /**
   * The tables that were named, by names or patterns; all of the subscription without any.
   *
   * @throws LondisteError `refused` for one that is not in the subscription.
   */
  async tables(typed: readonly string[]): Promise<SubscribedTable[]> {
    const { subscriber, name } = this.bench;
    const all = await subscriberGetTableList(subscriber, name);
    const names = await meantOrAll(subscriber, typed, () => Promise.resolve(all.map((table) => table.name)));
    return names.map((wanted) => {
      const table = all.find((candidate) => candidate.name === wanted);
      if (table) return table;
      throw new LondisteError('refused', `table ${wanted} is not in this subscription`, {
        hint: `to add it: londiste CONFIG subscriber add ${wanted}`,
      });
    });
  }

  /** Compares one table; what keeps it from being compared is told in the outcome. */
  async compare(
    table: SubscribedTable,
    options: CompareOptions = {},
    onFindings?: OnFindings,
  ): Promise<TableOutcome> {
    const progress = new Progress(options.show ?? 10);
    try {
      const subject = await this.subjectOf(table, options.where);
      const ranges = await planRanges(this.bench, subject, options);
      await this.#compareRanges(subject, { ranges, options, progress, onFindings });
      return progress.outcome(table.name);
    } catch (thrown) {
      const error = asLondisteError(thrown);
      if (!isOfTable(error) || this.bench.readers.provider.closed || this.bench.readers.subscriber.closed)
        throw error;
      return progress.notCompared(table.name, error);
    }
  }

  /** @throws LondisteError when the table cannot be compared, or the condition is none. */
  async subjectOf(table: SubscribedTable, where?: string): Promise<Subject> {
    const { provider, name } = this.bench;
    requireOk(table);
    const registered = await findProviderTable(provider, name.queue, table.name);
    if (!registered) throw notInSet(table.name);
    const subject = await subjectOf(this.bench, table, { registered, where });
    if (where !== undefined) await requireCondition(this.bench, subject);
    return subject;
  }

  /** Round after round: as many ranges in each as both snapshots may be held for. */
  async #compareRanges(
    subject: Subject,
    {
      ranges,
      options: { countOnly, pace },
      progress,
      onFindings,
    }: {
      ranges: readonly Range[];
      options: CompareOptions;
      progress: Progress;
      onFindings?: OnFindings | undefined;
    },
  ): Promise<void> {
    const { readers, stop } = this.bench;
    const left = [...ranges];
    const { provider, subscriber } = subject.sides;
    // Of the last range; the next one may take as long.
    let tookMs: number | undefined;
    while (left.length > 0 && !stop.aborted) {
      await pace?.wait(stop);
      const meeting = await this.meetings.meet({ provider: provider.only, subscriber: subscriber.only });
      const compareOne = async (range: Range): Promise<void> => {
        pace?.spend();
        const began = Date.now();
        const outcome = await compareRange(readers, { subject, digest: this.digest, range }, { countOnly });
        tookMs = Date.now() - began;
        progress.add(outcome, meeting.tick);
        if (outcome.findings.length > 0) await onFindings?.(subject, meeting, outcome.findings);
      };
      const isTime = (): boolean =>
        Date.now() + 2 * (tookMs ?? Infinity) < meeting.until && !isStopped(stop) && pace?.isDue !== false;
      try {
        await requireStillOk(this.bench, subject);
        // The side that is done with a range begins the next one while the other is still at it.
        let underWay: Promise<void> | undefined;
        do {
          const range = left.shift();
          const next = range && compareOne(range);
          // Its failure is told when it is waited for, or is that of the one before.
          next?.catch(() => undefined);
          await underWay;
          underWay = next;
          if (tookMs === undefined) await underWay;
        } while (left.length > 0 && isTime());
        await underWay;
      } finally {
        await meeting.end();
      }
    }
  }
}

/** Adds up what comes of a table's ranges. */
class Progress {
  readonly #findings: Findings;
  readonly #rows = { provider: 0, subscriber: 0 };
  #isEqual = true;
  #ranges = 0;
  #ticks: { first: number; last: number } | undefined;
  #beganAt: number | undefined;

  constructor(show: number) {
    this.#findings = new Findings(show);
  }

  add({ rows, isEqual, findings }: Awaited<ReturnType<typeof compareRange>>, tick: number): void {
    this.#rows.provider += rows.provider;
    this.#rows.subscriber += rows.subscriber;
    this.#isEqual &&= isEqual;
    this.#ranges += 1;
    this.#beganAt ??= Date.now();
    this.#ticks = { first: this.#ticks?.first ?? tick, last: tick };
    for (const finding of findings) this.#findings.add(finding);
  }

  outcome(table: string): TableOutcome {
    return { ...this.#soFar(table), state: this.#isEqual ? 'equal' : 'different' };
  }

  notCompared(table: string, { message, hint }: LondisteError): TableOutcome {
    return { ...this.#soFar(table), state: 'not-compared', reason: message, hint };
  }

  #soFar(table: string): Omit<TableOutcome, 'state'> {
    return {
      table,
      rows: this.#rows,
      findings: this.#findings,
      ranges: this.#ranges,
      ...(this.#ticks && { ticks: this.#ticks }),
      ...(this.#beganAt !== undefined && { beganAt: this.#beganAt }),
    };
  }
}

/** Others concern the servers, or the call, and not one table. */
function isOfTable({ kind }: LondisteError): boolean {
  return ['schema', 'rights', 'data', 'not-in-set', 'damaged', 'resources'].includes(kind);
}

/** In any other state the table's rows are not those of the subscription's tick. */
function requireOk({ name, state }: SubscribedTable): void {
  if (state === 'ok') return;
  throw new LondisteError(
    'not-in-set',
    `table ${name} is in state ${state}, not ok: it is no copy at any tick`,
    {
      hint: state === 'parked' ? `londiste CONFIG subscriber retry ${name}` : 'wait until it is ok',
    },
  );
}

async function requireStillOk({ readers, name }: CompareBench, { table }: Subject): Promise<void> {
  const now = await findTable(readers.subscriber, name, table);
  if (!now) throw notInSet(table);
  requireOk(now);
}

function notInSet(table: string): LondisteError {
  return new LondisteError(
    'not-in-set',
    `table ${table} was taken out of the set or the subscription meanwhile`,
  );
}

/** As an expression, and nothing else: with a parameter the server takes one statement only. */
async function requireCondition({ provider }: CompareBench, { sides, where }: Subject): Promise<void> {
  try {
    await provider.query(`select $1::integer from ${sides.provider.rows} where (${where}) limit 0`, [0]);
  } catch (thrown) {
    const error = asLondisteError(thrown);
    if (error.reaction === 'retry' && !['schema', 'bug', 'data', 'refused'].includes(error.kind)) throw error;
    throw new LondisteError('usage', `--where ${where}: ${error.message}`, {
      hint: 'give a condition over the columns of the table, as after WHERE; functions of your own with their schema',
      cause: thrown,
    });
  }
}
