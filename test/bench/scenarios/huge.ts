import { replicating, type Scenario } from '../scenario.js';
import { timeStatements } from '../statement.js';

/** One transaction that no memory should hold: ten statements, a tenth of the events each; 50 % insert, 40 % update, 10 % delete. */
export const huge: Scenario = {
  name: 'huge',
  summary: 'one transaction of 10 million events (1 million with --quick and for Londiste 3)',
  peers: replicating,
  tables: () => [{ name: 'entry', columns: 'id bigint primary key, item text, amount integer' }],
  async measure(run) {
    // Londiste 3 would need twenty minutes for all of it.
    const full = run.peer.name === 'londiste3' ? 1_000_000 : 10_000_000;
    const events = run.events(full, 1_000_000);
    const part = events / 10;
    const insert = (n: number): string =>
      `insert into entry select i, 'item ' || i, ${n} from generate_series(${n * part + 1}, ${(n + 1) * part}) i`;
    const update = (n: number): string =>
      `update entry set item = 'changed ' || id, amount = -amount where id > ${n * part} and id <= ${(n + 1) * part}`;
    const statements = [
      ...[0, 1, 2, 3, 4].map(insert),
      ...[0, 1, 2, 3].map(update),
      `delete from entry where id <= ${part}`,
    ];
    await timeStatements(run, { metric: 'huge', rows: events, statements });
  },
};
