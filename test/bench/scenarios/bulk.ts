import { withBare, type Scenario } from '../scenario.js';
import { timeStatements } from '../statement.js';

export const bulk: Scenario = {
  name: 'bulk',
  summary: 'one statement over many rows, an insert, an update and a delete: statement, catch-up and both',
  peers: withBare,
  tables: () => [
    { name: 'entry', columns: 'id bigint primary key, item text, amount integer, at timestamptz' },
  ],
  async measure(run) {
    const rows = run.events(1_000_000, 200_000);
    const statements = {
      insert: `insert into entry select n, 'item ' || n, n % 1000, now() from generate_series(1, ${rows}) n`,
      update: `update entry set item = item || ' changed', amount = amount + 1`,
      delete: 'delete from entry',
    };
    for (const [verb, statement] of Object.entries(statements))
      await timeStatements(run, { metric: `bulk ${verb}`, rows, statements: [statement] });
  },
};
