/** `provider check` and `subscriber check` as commands: what they say, to people and to programs, and their exit codes. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { superuser } from '../../src/embedded/server.js';
import { addProviderSequences, addProviderTables, installProvider } from '../../src/setup/provider.js';
import { installSubscriber } from '../../src/setup/subscription.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { tickerRuns } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { oneWay } from '../support/ways.js';

describe.each(oneWay('there'))('from %s to %s', (from, to) => {
  let sides: { provider: ConnectSettings; subscriber: ConnectSettings };
  let user: Installation;

  beforeAll(async () => {
    sides = { provider: await createDatabase(from), subscriber: await createDatabase(to) };
    user = new Installation(sides.provider, sides.subscriber);
    await user.createEntry();
    await using provider = await open(sides.provider);
    await using subscriber = await open(sides.subscriber);
    await installProvider(provider, user.name.queue);
    await installSubscriber({ name: user.name, provider, subscriber });
    await user.must('pgqadm ticker.ini ticker -d');
    await tickerRuns(provider);
    await addProviderTables(provider, user.name.queue, ['entry']);
    await addProviderSequences(provider, user.name.queue, ['entry_id_seq']);
  }, 60_000);

  async function at(side: 'provider' | 'subscriber', sql: string): Promise<void> {
    await using session = await open(sides[side]);
    await session.execute(sql);
  }

  /** The command for people, then for programs, which must fail with these faults, told alike. */
  async function finds(
    side: 'provider' | 'subscriber',
    ...faults: readonly { object?: string; what: string; fix: string; isFault?: boolean }[]
  ): Promise<void> {
    const count = faults.filter(({ isFault }) => isFault !== false).length;
    const code = count === 0 ? 0 : 1;
    const stderr =
      count === 0
        ? ''
        : `londiste: ${count} fault${count === 1 ? '' : 's'} found\n  → each is listed with what mends it\n`;
    const found = await user.type(`londiste replica.ini ${side} check`);
    expect(found, found.stdout).toMatchObject({ code, stderr });
    for (const { object, what, fix, isFault } of faults) {
      const about = object === undefined ? '' : `${isFault === true ? '' : 'note: '}${object}: `;
      expect(found.stdout).toContain(`${about}${what}\n  ${fix}\n`);
    }
    const json = await user.type(`londiste replica.ini ${side} check --json`);
    expect(json).toMatchObject({ code, stderr });
    expect(JSON.parse(json.stdout)).toEqual({
      tables: 1,
      sequences: 1,
      faults,
      ...(side === 'subscriber' && { notes: [] }),
    });
  }

  test('all is well', async () => {
    await finds('provider');
    await finds('subscriber');
    expect(await user.must('londiste replica.ini provider check')).toBe(
      '1 table and 1 sequence: all changes are captured\n',
    );
    expect(await user.must('londiste replica.ini subscriber check')).toBe(
      'all fits: 1 table and 1 sequence\n',
    );
  });

  test('what deserves to be known on the provider is no fault, what keeps changes from being captured is', async () => {
    await at(
      'provider',
      'create table shop (id int primary key); alter table entry add shop int references shop',
    );
    const note = {
      object: 'table public.entry',
      what: 'it references public.shop, which is not in the set',
      fix: 'londiste CONFIG provider add public.shop',
      isFault: false,
    };
    await finds('provider', note);
    await at('provider', 'alter table entry disable trigger user');
    const lost = {
      object: 'table public.entry',
      what: 'capture triggers are missing or disabled, changes may be lost',
      fix: 'londiste CONFIG provider remove public.entry, provider add, and on each subscriber subscriber resync',
      isFault: true,
    };
    await finds('provider', lost, note);
    await at('provider', 'alter table entry enable trigger user; alter table entry drop shop');
    await finds('provider');
  });

  test('the subscriber: a column, the key, a sequence, each with what mends it', async () => {
    await at(
      'subscriber',
      'alter table entry drop item, drop constraint entry_pkey, add primary key (id) deferrable',
    );
    await at('subscriber', 'alter table entry alter id drop default; drop sequence entry_id_seq');
    const column = {
      what: 'table public.entry: column item of the provider is missing on the subscriber',
      fix: 'ALTER TABLE public.entry ADD COLUMN "item" text',
    };
    const key = {
      what: 'table public.entry has no primary key or unique index over ("id") on the subscriber',
      fix: 'ALTER TABLE public.entry ADD UNIQUE ("id")',
    };
    const sequence = {
      what: 'sequence public.entry_id_seq does not exist on the subscriber',
      fix: 'CREATE SEQUENCE public.entry_id_seq',
    };
    await finds('subscriber', column, key, sequence);
    for (const { fix } of [column, key, sequence]) await at('subscriber', fix);
    await finds('subscriber');
  });

  test('a right that is missing on the subscriber', async () => {
    const { database, port, user: role } = sides.subscriber;
    const asRoot = (sql: string): Promise<void> =>
      asSuperuser(port, (root) => root.execute(sql).then(() => undefined), database);
    await asRoot(`alter table entry owner to ${superuser}`);
    const fault = {
      what: 'table public.entry: the role of subscriber_db may not write it',
      fix: 'GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON public.entry TO that role',
    };
    for (const granted of ['select', 'insert, update, delete, truncate', 'select, insert, update, delete']) {
      await asRoot(`revoke all on entry from ${role}; grant ${granted} on entry to ${role}`);
      await finds('subscriber', fault);
    }
    expect(await user.refused('londiste replica.ini subscriber add entry')).toBe(
      `londiste: ${fault.what}\n  → ${fault.fix}\n`,
    );
    await asRoot(fault.fix.replace('that role', role));
    await finds('subscriber');
  });
});
