/** Types that a column of a random table can have, each with a text for every small number. */

/** Made once in each database. */
export const types = `
  create schema kinds;
  create extension hstore schema kinds;
  create type kinds.mood as enum (${Array.from({ length: 60 }, (_, n) => `'mood ${n}'`).join(', ')});
  create domain kinds.code as text check (value <> 'never');
  create type kinds.pair as (a int, b text);
  create collation kinds.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

export interface Kind {
  readonly type: string;
  /**
   * The value that stands for the number n; a spelling of 1 or 2 is equal to that of 0 by the type's own operator, and may
   * be other bytes.
   */
  readonly text: (n: number, spelling?: number) => string;
  /** What the type can be changed into and back without changing any value. */
  readonly wider?: string;
}

const day = (n: number): string => `2026-01-${String((n % 28) + 1).padStart(2, '0')}`;

export const kinds = {
  int: { type: 'int', text: String, wider: 'bigint' },
  bigint: { type: 'bigint', text: (n) => String(n * 4_000_000_000), wider: 'numeric' },
  numeric: { type: 'numeric', text: (n, spelling = 0) => `${n}.5${'0'.repeat(spelling)}` },
  float8: { type: 'float8', text: (n) => String(n / 3) },
  text: { type: 'text', text: (n) => `"${n}", (\\'x')`, wider: 'varchar(800)' },
  folded: {
    type: 'text collate kinds.folded',
    text: (n, spelling = 0) => (['Ann', 'ann', 'ANN'][spelling % 3] ?? '') + String(n),
  },
  bytea: { type: 'bytea', text: (n) => `\\x00ff${String(n).padStart(4, '0')}` },
  uuid: { type: 'uuid', text: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` },
  timestamptz: {
    type: 'timestamptz',
    text: (n) => `2026-03-29 00:${String(n % 60).padStart(2, '0')}:00.5+00`,
  },
  interval: { type: 'interval', text: (n) => `${n} days -0${n % 10}:30` },
  mood: { type: 'kinds.mood', text: (n) => `mood ${n % 60}` },
  code: { type: 'kinds.code', text: (n) => `code ${n}` },
  pair: { type: 'kinds.pair', text: (n) => `(${n},"a ""b"", ${n}")` },
  ints: { type: 'int[]', text: (n) => `{${n},NULL,3}` },
  pairs: { type: 'kinds.pair[]', text: (n) => `{"(${n},x)",NULL,"(,\\"y z\\")"}` },
  range: { type: 'int4range', text: (n) => `[${n},${n + 2})` },
  days: {
    type: 'datemultirange',
    text: (n) => `{[${day(n % 9)},${day((n % 9) + 3)}),[${day(20)},${day(22)})}`,
  },
  jsonb: { type: 'jsonb', text: (n) => `{"n": ${n}.0, "t": "\\"q\\""}` },
  /** Has a cast to json of its own. */
  hstore: { type: 'kinds.hstore', text: (n) => `"n"=>"${n}", "q\\"t"=>NULL` },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;

/** Kinds whose values differ for different numbers below 60, and that a btree takes. */
export const keyKinds: readonly KindName[] = [
  'int',
  'bigint',
  'numeric',
  'text',
  'folded',
  'bytea',
  'uuid',
  'timestamptz',
  'mood',
  'code',
  'pair',
  'ints',
  'range',
];

export const payloadKinds = Object.keys(kinds) as KindName[];

/** The value as an expression of its type. */
export function literal(kind: KindName, n: number, spelling = 0): string {
  const { type, text }: Kind = kinds[kind];
  return `'${text(n, spelling).replaceAll("'", "''")}'::${type.replace(/ collate .*/, '')}`;
}

/** The value as a field of COPY's text format. */
export function copyField(kind: KindName, n: number): string {
  const { text }: Kind = kinds[kind];
  return text(n, 0).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}
