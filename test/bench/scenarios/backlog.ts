import { numbers, writerCount, type NextChange } from '../changes.js';
import { drain } from '../drain.js';
import { replicating, type Scenario, type Size } from '../scenario.js';

const sizes = [1_000_000, 200_000] as const;

/** 40 % insert, 50 % update, 10 % delete, each of one row, on a table as large as there are changes. */
export const backlog: Scenario = {
  name: 'backlog',
  summary: 'single-row changes piled up while apply is stopped: how fast they are applied',
  peers: replicating,
  tables: (size) => [
    {
      name: 'entry',
      columns: 'id bigint primary key, item text, amount integer, at timestamptz',
      rows: `select n, 'item ' || n, n % 1000, timestamptz '2024-01-01 UTC' + n * interval '1 second'
               from generate_series(1, ${rowsOf(size)}) n`,
    },
  ],
  async measure(run) {
    const writers = Array.from({ length: writerCount }, (_, n) => mixedChanges(n, rowsOf(run.size)));
    await drain(run, { metric: 'backlog', changes: run.events(...sizes), writers });
  },
};

function rowsOf(size: Size): number {
  return size.of(...sizes);
}

/** Changes of the rows whose id leaves `writer` when divided by the number of writers. */
function mixedChanges(writer: number, rows: number): NextChange {
  const random = numbers(writer + 1);
  const alive: number[] = [];
  let id = writer === 0 ? writerCount : writer;
  for (; id <= rows; id += writerCount) alive.push(id);
  let serial = 0;
  const pick = (): number => Math.floor(random() * alive.length);
  return () => {
    serial += 1;
    const choice = random();
    if (choice < 0.4) {
      const added = id;
      id += writerCount;
      alive.push(added);
      return `insert into entry values (${added}, 'new ${added}', ${serial}, now())`;
    }
    const at = pick();
    const chosen = alive[at] ?? 0;
    if (choice < 0.9)
      return `update entry set item = 'changed ${serial}', amount = amount + 1, at = now() where id = ${chosen}`;
    alive[at] = alive.at(-1) ?? 0;
    alive.pop();
    return `delete from entry where id = ${chosen}`;
  };
}
