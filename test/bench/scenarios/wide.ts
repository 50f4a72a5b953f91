import { withBare, type Scenario } from '../scenario.js';
import { timeStatements } from '../statement.js';

/** Ten columns of other types, then text: 50 columns and close to 2 kB a row, just below where values move out of the row. */
const types = [
  'integer',
  'numeric',
  'timestamptz',
  'boolean',
  'date',
  'double precision',
  'integer',
  'uuid',
  'bigint',
];
const texts = Array.from({ length: 40 }, (_, n) => `text_${n}`);
const columns = [
  'id bigint primary key',
  ...types.map((type, n) => `value_${n} ${type}`),
  ...texts.map((name) => `${name} text`),
].join(', ');

const values = [
  'n',
  'n::integer',
  'n / 7.0',
  `timestamptz '2024-01-01 UTC' + n * interval '1 second'`,
  'n % 2 = 0',
  `date '2024-01-01' + (n % 1000)::integer`,
  'n / 3.0::double precision',
  '(n % 10)::integer',
  `md5(n::text)::uuid`,
  'n * n',
  ...texts.map((name) => `md5(n || '${name}') || ' 12345'`),
].join(', ');

export const wide: Scenario = {
  name: 'wide',
  summary: 'one statement inserting, one updating rows of 50 columns and 2 kB',
  peers: withBare,
  tables: () => [{ name: 'wide', columns }],
  async measure(run) {
    const rows = run.events(100_000, 20_000);
    await timeStatements(run, {
      metric: 'wide insert',
      rows,
      statements: [`insert into wide select ${values} from generate_series(1, ${rows}::bigint) n`],
    });
    await timeStatements(run, {
      metric: 'wide update',
      rows,
      statements: [`update wide set value_0 = value_0 + 1, text_7 = 'changed'`],
    });
  },
};
