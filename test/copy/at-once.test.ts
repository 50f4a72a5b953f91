/** Tables of one range whose indexes go and come in the transaction that copies them, and what stands in the way of that. */
import { expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { resyncTables } from '../../src/setup/resync.js';
import { addSubscriberTables, retryTables } from '../../src/setup/subscriber-tables.js';
import { open } from '../support/databases.js';
import { definitionsOf } from '../support/definitions.js';
import { eventually } from '../support/eventually.js';
import { fingerprint } from '../support/pair.js';
import { useEntry, type Entry } from './entry.js';

const entryOf = useEntry();

/** The table has more than a megabyte: an eighth of that are indexes worth to take off. */
const inOnePiece = { copyRangeBytes: 8 * 1024 * 1024 };

/** How often a copy has built again what it had taken off. */
function countTakings(): () => number {
  let taken = 0;
  arm('copy.indexes-off', () => {
    taken += 1;
  });
  return () => taken;
}

async function definitions({ pair }: Entry): Promise<string[]> {
  return await definitionsOf(pair.subscriber, 'entry');
}

test('what hangs on the table is as it was, and nobody has seen it without', async () => {
  const entry = entryOf();
  await entry.on(
    'subscriber',
    `alter table entry drop constraint entry_code_key,
       add constraint coded unique (code) with (fillfactor = 70) deferrable initially deferred,
       add constraint apart exclude using btree (id with =) with (fillfactor = 60);
     comment on constraint coded on entry is 'the code'; comment on index entry_item is 'of items';
     create index entry_both on entry (lower(item), (id + code)) where id > 5;
     alter index entry_both alter column 2 set statistics 55;
     create unique index entry_marked on entry (id, code); alter table entry replica identity using index entry_marked`,
  );
  const before = await definitions(entry);
  const kept = await entry.pair.subscriber.one(`select 'entry_marked'::regclass::oid::int as oid`);
  const taken = countTakings();
  await entry.startCopied(inOnePiece);
  await entry.isEqual();
  expect(taken()).toBe(1);
  expect(await definitions(entry)).toEqual(before);
  expect(await entry.pair.subscriber.one(`select 'entry_marked'::regclass::oid::int as oid`)).toEqual(kept);
  expect(
    await entry.pair.subscriber.query('select from londiste.stored_definition where is_dropped'),
  ).toEqual([]);
});

test('an index that the rows do not fit parks the table with its old rows, and retry copies it', async () => {
  const entry = entryOf();
  await entry.startCopied(inOnePiece);
  await entry.on(
    'subscriber',
    `delete from entry where id > 10; create unique index entry_half on entry ((id / 2)) where id > 100`,
  );
  const before = await definitions(entry);
  const old = await fingerprint(entry.pair.subscriber, 'entry');
  await resyncTables(entry.ends, ['entry']);
  await eventually(entry.state, 'parked', 20_000);
  expect(await entry.table()).toMatchObject({
    error: expect.stringContaining('(while index entry_half was built)') as unknown,
    errorKey: expect.stringContaining('51') as unknown,
  });
  expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
  expect(await definitions(entry)).toEqual(before);
  await entry.on('subscriber', 'drop index entry_half');
  await retryTables(entry.ends, []);
  await entry.isEqual();
});

test.each([
  ['no larger than a range', inOnePiece],
  ['in ranges', {}],
] as const)('%s: what could not be made again stays', async (_, options) => {
  const entry = entryOf();
  // Its owner may drop its indexes, but not create any in that schema.
  await using admin = await open({ ...entry.pair.subscriberSettings, user: superuser });
  await admin.execute(
    `create schema locked; grant usage on schema locked to app; create table locked.entry (like entry including all); alter table locked.entry owner to app`,
  );
  const before = await definitionsOf(entry.pair.subscriber, 'locked.entry');
  await entry.start(options);
  await addSubscriberTables(entry.ends, ['entry'], { destTable: 'locked.entry' });
  await entry.isOk();
  await eventually(
    () => fingerprint(entry.pair.subscriber, 'locked.entry'),
    await fingerprint(entry.pair.provider, 'entry'),
  );
  expect(await definitionsOf(entry.pair.subscriber, 'locked.entry')).toEqual(before);
});

test.each([
  ['no larger than a range', inOnePiece],
  ['in ranges', {}],
] as const)('%s: an event trigger that lets nobody drop an index', async (_, options) => {
  const entry = entryOf();
  await using admin = await open({ ...entry.pair.subscriberSettings, user: superuser });
  await admin.execute(
    `create function never() returns event_trigger language plpgsql as 'begin raise exception ''never''; end';
     create event trigger never on ddl_command_start when tag in ('DROP INDEX', 'ALTER TABLE') execute function never()`,
  );
  const before = await definitions(entry);
  await entry.startCopied(options);
  await entry.isEqual();
  expect(await definitions(entry)).toEqual(before);
});

test('a copy that begins anew while the last one builds its constraints', { timeout: 60_000 }, async () => {
  const entry = entryOf();
  const before = await definitions(entry);
  await entry.start({ copyConnections: 1 });
  await addSubscriberTables(entry.ends, ['entry']);
  for (const [moment, at] of [
    ['copy.index-built', 1],
    ['copy.index-built', 2],
    ['copy.definition-built', 1],
    ['copy.definition-built', 2],
  ] as const) {
    let visit = 0;
    arm(moment, async () => {
      visit += 1;
      if (visit !== at) return;
      await using session = await open(entry.pair.subscriberSettings);
      await resyncTables({ ...entry.ends, subscriber: session }, ['entry']);
    });
    await eventually(() => visit >= at, true, 20_000);
    disarmAll();
  }
  await entry.isEqual();
  expect(await definitions(entry)).toEqual(before);
});
