import { Session, type ConnectSettings } from '../db/session.js';
import { sleep } from '../kernel/clock.js';
import type { SubscriptionName } from '../londiste/subscription-name.js';
import { tickerAlive } from '../pgq/ticker.js';
import {
  addProviderSequences,
  addProviderTables,
  installProvider,
  listProviderSequences,
  listProviderTables,
} from '../setup/provider.js';
import { addSubscriberSequences, listSequences } from '../setup/subscriber-sequences.js';
import { addSubscriberTables, listTables } from '../setup/subscriber-tables.js';
import { installSubscriber } from '../setup/subscription.js';

/**
 * What the README types on one's own servers: the table, with rows on the provider and without on the subscriber, then
 * install and add. A second run finds all of it and changes nothing.
 */
export async function prepare({
  provider,
  subscriber,
  name,
}: {
  provider: ConnectSettings;
  subscriber: ConnectSettings;
  name: SubscriptionName;
}): Promise<void> {
  await using there = await open(provider, 'provider');
  await using here = await open(subscriber, 'subscriber');
  for (const session of [there, here]) {
    await session.execute('create table if not exists entry (id serial primary key, item text)');
  }
  await there.execute(`insert into entry (item) select 'from the beginning ' || n from generate_series(1, 1000) n
                        where not exists (select from entry)`);
  await installProvider(there, name.queue);
  const ends = { name, provider: there, subscriber: here };
  await installSubscriber(ends);
  while (!(await tickerAlive(there))) await sleep(50);

  if ((await listProviderTables(there, name.queue)).length === 0)
    await addProviderTables(there, name.queue, ['entry']);
  if ((await listProviderSequences(there, name.queue)).length === 0)
    await addProviderSequences(there, name.queue, ['entry_id_seq']);
  if ((await listTables(here, name)).length === 0) await addSubscriberTables(ends, ['entry']);
  if ((await listSequences(here, name)).length === 0) await addSubscriberSequences(ends, ['entry_id_seq']);
}

/** Makes the database of a server of our own, unless a run before has. */
export async function createDatabase(settings: ConnectSettings): Promise<void> {
  await using admin = await open({ ...settings, database: 'postgres' }, 'server');
  const found = await admin.query('select from pg_database where datname = $1', [settings.database]);
  if (found.length === 0) await admin.execute(`create database ${settings.database}`);
}

function open(settings: ConnectSettings, side: string): Promise<Session> {
  return Session.open(settings, { side, applicationName: 'londiste demo' });
}
