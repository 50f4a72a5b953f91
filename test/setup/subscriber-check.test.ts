/** What `subscriber check` and `subscriber add` tell of triggers and rules on the subscriber that act on replayed rows. */
import { expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { open, type Which } from '../support/databases.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { checkSubscription } from '../../src/setup/subscription.js';
import { eventually } from '../support/eventually.js';
import { digest, followByHand, reach, tickNow } from '../support/hand-ticks.js';
import { createPair, Daemons } from '../support/pair.js';

const noteOf = (table: string, names: string): unknown => ({
  what: `table public.${table} has triggers or rules on the subscriber (${names}) that may act on replayed rows too: ENABLE ALWAYS or REPLICA`,
  fix: expect.stringContaining(`ALTER TABLE public.${table} ENABLE TRIGGER`) as string,
});

test.each([
  ['oldest', 'newest'],
  ['newest', 'oldest'],
] as const)('provider %s, subscriber %s', async (there: Which, here: Which) => {
  const made = await createPair(there, here);
  // A role that may set session_replication_role, on whatever version.
  const subscriberSettings = { ...made.subscriberSettings, user: superuser };
  await using root = await open(subscriberSettings);
  const pair = { ...made, subscriberSettings, subscriber: root, ends: { ...made.ends, subscriber: root } };
  const { provider, subscriber, ends, name } = pair;
  const tables = ['plain', 'always', 'replica', 'parted', 'ruled'];
  await provider.execute(
    tables.map((table) => `create table ${table} (id int primary key, v int)`).join(';'),
  );
  await subscriber.execute(`create table seen (name text, id int);
    create function see() returns trigger language plpgsql as $$ begin
      insert into public.seen values (tg_name, new.id); return new; end $$;
    create table plain (id int primary key, v int); create table always (id int primary key, v int);
    create table replica (id int primary key, v int); create table ruled (id int primary key, v int);
    create table parted (id int primary key, v int) partition by range (id);
    create table parted_1 partition of parted for values from (0) to (1000);
    create trigger ordinary after insert on plain for each row execute function see();
    create trigger off after insert on plain for each row execute function see();
    create trigger often after insert on always for each row execute function see();
    create trigger there after insert on replica for each row execute function see();
    create trigger part after insert on parted_1 for each row execute function see();
    create rule beside as on insert to ruled do also insert into public.seen values ('beside', new.id);
    alter table plain disable trigger off; alter table always enable always trigger often;
    alter table replica enable replica trigger there; alter table parted_1 enable always trigger part;
    alter table ruled enable always rule beside`);
  await addProviderTables(provider, name.queue, tables);
  Daemons.replay(pair, { loopDelayMs: 20 });
  await followByHand(pair, ['plain']);
  const notes = [
    noteOf('always', 'often'),
    noteOf('replica', 'there'),
    noteOf('parted', 'part'),
    noteOf('ruled', 'beside'),
  ];
  expect(await checkSubscription(ends)).toMatchObject({ tables: 5, faults: [], notes });
  expect(await addSubscriberTables(ends, ['always', 'ruled'])).toMatchObject({
    added: ['public.always', 'public.ruled'],
    notes: [notes[0], notes[3]],
  });
  await followByHand(pair, ['replica', 'parted']);
  await eventually(
    async () => {
      await tickNow(provider, name.queue);
      return (await listTables(root, name)).map(({ state, error }) => error ?? state);
    },
    tables.map(() => 'ok'),
  );

  // The triggers that are told do act, and those that are not told do not. What a rule does depends on replay's statement.
  for (const table of tables) await provider.query(`insert into ${table} values (7, 7)`);
  await reach(pair, await tickNow(provider, name.queue));
  expect(await digest(subscriber, ['plain'])).toBe(await digest(provider, ['plain']));
  const seen = await subscriber.query<{ name: string }>(
    `select name from seen where id = 7 and name <> 'beside' order by name`,
  );
  expect(seen.map((row) => row.name)).toEqual(['often', 'part', 'there']);
});
