import { numbers, writerCount, type NextChange } from '../changes.js';
import { drain } from '../drain.js';
import { replicating, type Scenario } from '../scenario.js';

const keys = 1_000;

/** The same few rows over and over: what is known of a row at the end of a batch is all that matters. */
export const hot: Scenario = {
  name: 'hot',
  summary: 'single-row updates of 1,000 rows piled up while apply is stopped: how fast they are applied',
  peers: replicating,
  tables: () => [
    {
      name: 'counter',
      columns: 'id integer primary key, hits integer, note text',
      rows: `select n, 0, 'counter ' || n from generate_series(1, ${keys}) n`,
    },
  ],
  async measure(run) {
    const changes = run.events(1_000_000, 200_000);
    const writers = Array.from({ length: writerCount }, (_, n) => updates(n));
    await drain(run, { metric: 'hot', changes, writers });
  },
};

function updates(writer: number): NextChange {
  const random = numbers(writer + 1);
  const own = keys / writerCount;
  let serial = 0;
  return () => {
    serial += 1;
    const id = 1 + writer + writerCount * Math.floor(random() * own);
    return `update counter set hits = hits + 1, note = 'hit ${serial}' where id = ${id}`;
  };
}
