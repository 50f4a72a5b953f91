/** Conditions for `provider add --where`. They name columns that no story drops, or renames where it filters by them. */
import type { TableSpec } from './spec.js';

const all = {
  even: (row) => `${row}n % 2 = 0`,
  'null, or two columns': (row) => `nullif(${row}n % 3, 1) > 0 or ${row}v like 'b%'`,
} as const satisfies Record<string, (row: string) => string>;

type FilterName = keyof typeof all;

export const filterNames = Object.keys(all) as FilterName[];

/** The condition, its columns behind `row`; undefined where all rows are replicated. */
export const filterOf = ({ filter }: TableSpec, row = ''): string | undefined =>
  filter === 'none' ? undefined : all[filter](row);

/** What a query says to get only those rows. */
export const whereFits = (spec: TableSpec): string => {
  const filter = filterOf(spec);
  return filter === undefined ? '' : `where ${filter}`;
};
