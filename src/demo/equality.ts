import { Session, type ConnectSettings } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import { LondisteError } from '../kernel/errors.js';

/** What two databases must have in common to be called equal: all rows in key order, and the sequence's next value. */
interface Contents {
  readonly rows: number;
  readonly md5: string;
  readonly nextValue: number;
}

/** Reads the contents of the demo's table and sequence under settings that print values the same everywhere. */
async function readContents(session: Session): Promise<Contents> {
  return await session.one<Contents>(
    `select count(*)::int as rows,
            coalesce(md5(string_agg((e.*)::text, e'\\n' order by e.id)), '') as md5,
            (select case when s.is_called then s.last_value + 1 else s.last_value end from entry_id_seq s) as "nextValue"
       from entry e`,
  );
}

function areEqual(a: Contents, b: Contents): boolean {
  return a.rows === b.rows && a.md5 === b.md5 && a.nextValue === b.nextValue;
}

/** How long the subscriber has to catch up once nobody writes any more, in milliseconds. */
const patienceMs = 30_000;

/** Waits until both sides are equal and says so; fails when they do not become so. */
export async function compare(
  provider: ConnectSettings,
  subscriber: ConnectSettings,
  out: NodeJS.WriteStream,
): Promise<void> {
  await using there = await Session.open(provider, { side: 'provider', applicationName: 'londiste demo' });
  await using here = await Session.open(subscriber, { side: 'subscriber', applicationName: 'londiste demo' });
  const expected = await readContents(there);
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await readContents(here);
    if (areEqual(expected, found)) {
      out.write(
        `both sides are equal: ${expected.rows} rows, md5 ${expected.md5}, next value of the sequence ${expected.nextValue}\n`,
      );
      return;
    }
    if (Date.now() > end) {
      throw new LondisteError(
        'data',
        `the sides differ: ${expected.rows} rows on the provider, ${found.rows} on the subscriber`,
        {
          hint: 'read the log in the data folder',
        },
      );
    }
    await sleep(50);
  }
}
