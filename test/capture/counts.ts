import type { FormName } from './forms.js';

/** How often a random test has met what it is about. */

/** Forms that the examples meet, so that each run does. */
const choices = [
  'whole rows',
  'rows only come',
  'rows should only come',
  'partitioned',
  'partitioned, whole rows',
  'tree',
] as const satisfies readonly FormName[];

const moments = [
  'statements',
  'errors agreed upon',
  'waits',
  'deadlocks',
  'serialization failures',
  'waiting statements cancelled',
  'commits',
  'rollbacks',
  'savepoints rolled back',
  'transactions prepared',
  'ALTERs alone',
  'ALTERs after writes',
  'ALTERs rolled back',
  'tables dropped',
  'captures made anew',
  'nested captures',
  'events of an unknown layout',
  'tables parked',
  'retries without a copy',
  'copies anew',
  'ticks',
  'tables compared',
  'dropped tables compared',
  'partitions written directly',
  'partitions truncated',
  'partitions attached',
  'partitions detached',
  'rows moved between partitions',
  'partitions came or went with rows',
  'heirs written directly',
  'statements of a guest',
  'statements under row security',
  'rows crossed a filter',
  'rows were taken that should only come',
  'filtered tables compared',
  'tables with hstore compared',
  ...choices.map((name) => `compared: ${name}` as const),
] as const;

export type Moment = (typeof moments)[number];

export class Counts {
  readonly #of = new Map<string, number>();
  readonly #details = new Map<string, number>();

  add(moment: Moment, count = 1): void {
    this.#of.set(moment, (this.#of.get(moment) ?? 0) + count);
  }

  compared(form: FormName): void {
    const choice = choices.find((name) => name === form);
    this.add('tables compared');
    if (choice === undefined) this.note(form);
    else this.add(`compared: ${choice}`);
  }

  /** What is printed beside, and may not happen at all. */
  note(detail: string): void {
    this.#details.set(detail, (this.#details.get(detail) ?? 0) + 1);
  }

  /** What has not happened. */
  get missing(): Moment[] {
    return moments.filter((moment) => (this.#of.get(moment) ?? 0) === 0);
  }

  toString(): string {
    const list = (counts: Iterable<readonly [string, number]>): string =>
      [...counts].map(([what, count]) => `${what} ${count}`).join(', ');
    const details = [...this.#details].sort(([, a], [, b]) => b - a);
    return `${list(moments.map((moment) => [moment, this.#of.get(moment) ?? 0]))}; ${list(details)}`;
  }
}
