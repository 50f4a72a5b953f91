/**
 * Plays every case with PgQ's own triggers in C and writes down what they did. Run by hand, against a server that has
 * Debian's postgresql-15-pgq3, with an empty database and `create extension pgq` in it:
 *
 *     npx tsc -p test/bench/tsconfig.json --outDir .londiste/golden test/sql/pgq/triggers/record.ts
 *     node .londiste/golden/test/sql/pgq/triggers/record.js HOST PORT USER DATABASE > test/sql/pgq/triggers/golden.json
 */
import { Session } from '../../../../src/db/session.js';
import { cases, rowFormats } from './cases.js';
import { play, type Outcome } from './play.js';

const [host = '', port = '', user = '', database = ''] = process.argv.slice(2);
const session = await Session.open(
  { host, port: Number(port), user, database },
  { side: 'original', applicationName: 'record' },
);
await session.query(`select pgq.create_queue('q')`);
const golden: Record<string, Outcome[]> = {};
for (const one of cases) {
  for (const fn of one.functions ?? rowFormats) golden[`${fn}: ${one.name}`] = await play(session, one, fn);
}
await session.end();
process.stdout.write(`${JSON.stringify(golden, null, 1)}\n`);
