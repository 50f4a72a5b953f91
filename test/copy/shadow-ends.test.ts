/** How a `resync --shadow` ends that does not end well: the old rows stay, and nothing of the shadow does. */
import { describe, expect, test } from 'vitest';
import { superuser } from '../../src/embedded/server.js';
import { arm, disarmAll } from '../../src/kernel/tap.js';
import { cancelCopies } from '../../src/setup/copies.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { resyncTables } from '../../src/setup/resync.js';
import {
  addSubscriberTables,
  removeSubscriberTables,
  retryTables,
} from '../../src/setup/subscriber-tables.js';
import { unregisterSubscriber } from '../../src/setup/subscription.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { fingerprint } from '../support/pair.js';
import { useEntry, type Entry } from './entry.js';

const entryOf = useEntry();

/** Rows are wrong, and there is a shadow with some of its rows, as long as `end` has not come. */
async function amidCopy(entry: Entry, end: () => Promise<unknown>): Promise<string> {
  await entry.pair.subscriber.execute(
    `update entry set item = 'wrong' where id < 100; delete from entry where id = 7`,
  );
  const old = await fingerprint(entry.pair.subscriber, 'entry');
  let landed = 0;
  let isOver = false;
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed !== 4) return;
    expect(await entry.shadows()).not.toEqual([]);
    await end();
    isOver = true;
  });
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await eventually(() => isOver, true);
  disarmAll();
  return old;
}

describe.each([
  ['the owner of the schema', {}],
  ['another role, which alone may drop its shadows', { user: superuser }],
])('replay runs as %s', (_, role) => {
  const begin = async (): Promise<Entry> => {
    const entry = entryOf();
    await entry.startCopied({ subscriber: { ...entry.pair.subscriberSettings, ...role } });
    return entry;
  };

  test('cancelled: parked with the old rows; retry fills a shadow anew', async () => {
    const entry = await begin();
    const old = await amidCopy(entry, () => cancelCopies(entry.ends, ['entry']));
    expect(await entry.state()).toBe('parked');
    await eventually(entry.shadows, []);
    expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
    await entry.write(1);
    let isShadowed = false;
    arm('copy.range-landed', async () => {
      isShadowed ||= (await entry.shadows()).length > 0;
    });
    await retryTables(entry.ends, ['entry']);
    await entry.isEqual();
    expect(isShadowed).toBe(true);
    await eventually(entry.shadows, []);
  });

  test('cancelled once all rows have landed, retry goes on with the shadow that is there', async () => {
    const entry = await begin();
    await entry.pair.subscriber.execute(`update entry set item = 'wrong' where id < 100`);
    const old = await fingerprint(entry.pair.subscriber, 'entry');
    let cancelled = 0;
    arm('copy.landed', async () => {
      cancelled += 1;
      await entry.write(1);
      await cancelCopies(entry.ends, ['entry']);
    });
    await resyncTables(entry.ends, ['entry'], { shadow: true });
    await eventually(() => cancelled, 1);
    await eventually(entry.state, 'parked');
    expect(await entry.shadows()).not.toEqual([]);
    expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
    let landed = 0;
    arm('copy.range-landed', () => void (landed += 1));
    await retryTables(entry.ends, ['entry']);
    await entry.isEqual();
    expect(landed).toBe(0);
    await eventually(entry.shadows, []);
  });

  test('removed from the list', async () => {
    const entry = await begin();
    const old = await amidCopy(entry, () => removeSubscriberTables(entry.ends, ['entry']));
    await eventually(entry.shadows, []);
    expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
  });

  test('asked for again without a shadow, and with one', async () => {
    const entry = await begin();
    await amidCopy(entry, () => resyncTables(entry.ends, ['entry'], { shadow: true }));
    await entry.isEqual();
    await eventually(entry.shadows, []);
    await amidCopy(entry, () => resyncTables(entry.ends, ['entry']));
    await entry.isEqual();
    await eventually(entry.shadows, []);
    await amidCopy(entry, () => resyncTables(entry.ends, ['entry'], { expectSync: true }));
    expect(await entry.state()).toBe('ok');
    await eventually(entry.shadows, []);
  });
});

test('unregistered while no replay runs', async () => {
  const entry = entryOf();
  await entry.startCopied();
  const old = await amidCopy(entry, async () => {
    await entry.on('subscriber', `update londiste.table_state set copy_paused = true`);
  });
  await entry.stopReplay();
  expect(await entry.shadows()).not.toEqual([]);
  await unregisterSubscriber(entry.ends);
  expect(await entry.shadows()).toEqual([]);
  expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
});

test('somebody reads the shadow: it goes once it is let go of, and nobody waits for that', async () => {
  const entry = entryOf();
  await entry.startCopied();
  await using curious = await open(entry.pair.subscriberSettings);
  await amidCopy(entry, async () => {
    await curious.execute('begin');
    const [shadow] = await entry.shadows();
    await curious.query(`select count(*) from londiste.${shadow ?? ''}`);
  });
  await entry.isEqual();
  expect(await entry.shadows()).not.toEqual([]);
  await entry.write(1);
  await entry.isEqual();
  await curious.execute('commit');
  await eventually(entry.shadows, []);
});

test('a row that the table does not take parks it with the reason and the row; the old rows stay until that is mended', async () => {
  const entry = entryOf();
  await entry.startCopied();
  await entry.pair.provider.execute(`update entry set item = 'too late' where id in (11, 12)`);
  await entry.isEqual();
  await entry.pair.subscriber.execute(
    `update entry set item = 'wrong' where id < 100; alter table entry add constraint no_late check (item <> 'too late')`,
  );
  const old = await fingerprint(entry.pair.subscriber, 'entry');
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await eventually(entry.state, 'parked');
  const { error, errorKey, errorHint } = (await entry.table()) ?? {};
  expect(error).toContain('no_late');
  expect(['(11)', '(12)']).toContain(errorKey);
  expect(errorHint).toContain('subscriber retry public.entry');
  expect(await fingerprint(entry.pair.subscriber, 'entry')).toBe(old);
  await entry.write(1);
  let landed = 0;
  arm('copy.range-landed', () => void (landed += 1));
  await entry.pair.subscriber.execute('alter table entry drop constraint no_late');
  await retryTables(entry.ends, ['entry']);
  await entry.isEqual();
  expect(landed).toBe(0);
  await eventually(entry.shadows, []);
});

test('the table is altered while its shadow is filled: parked, with what to type', async () => {
  const entry = entryOf();
  await entry.startCopied();
  let altered = 0;
  arm('copy.landed', async () => {
    altered += 1;
    if (altered === 1) await entry.on('subscriber', 'alter table entry alter code type bigint');
  });
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await eventually(entry.state, 'parked');
  const { error, errorHint } = (await entry.table()) ?? {};
  expect(error).toContain('public.entry is not what it was when its shadow was begun');
  expect(errorHint).toContain('subscriber resync public.entry --shadow');
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await entry.isEqual();
  disarmAll();

  // A column that the shadow does not have comes with an event.
  altered = 0;
  arm('copy.landed', async () => {
    altered += 1;
    if (altered > 1) return;
    for (const side of ['subscriber', 'provider'] as const)
      await entry.on(side, 'alter table entry add more text');
    await entry.on('provider', `select pgq.maint_operations(); update entry set more = 'x' where id = 60`);
  });
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await eventually(entry.state, 'parked');
  expect((await entry.table())?.errorHint).toContain('subscriber resync public.entry --shadow');
  await resyncTables(entry.ends, ['entry'], { shadow: true });
  await entry.isEqual();
  await eventually(entry.shadows, []);
});

test('what is refused, with nothing changed', async () => {
  const entry = entryOf();
  await entry.startCopied();
  for (const [other, flag] of [
    [{ where: 'true' }, '--where'],
    [{ skipTruncate: true }, '--skip-truncate'],
    [{ expectSync: true }, '--expect-sync'],
  ] as const) {
    const refusal = expect(resyncTables(entry.ends, ['entry'], { shadow: true, ...other })).rejects;
    await refusal.toThrow(/do not go together/);
    await expect(resyncTables(entry.ends, ['entry'], { shadow: true, ...other })).rejects.toThrow(flag);
  }
  for (const session of [entry.pair.provider, entry.pair.subscriber])
    await session.execute('create table bag (item text)');
  await addProviderTables(entry.pair.provider, 'q', ['bag'], { identity: 'full' });
  await addSubscriberTables(entry.ends, ['bag']);
  await eventually(
    async () =>
      (await entry.pair.subscriber.query(`select from londiste.table_state where state = 'ok'`)).length,
    2,
  );
  await expect(resyncTables(entry.ends, ['entry', 'bag'], { shadow: true })).rejects.toThrow(
    'table public.bag has no key',
  );
  expect(await entry.state()).toBe('ok');
  let landed = 0;
  arm('copy.range-landed', async () => {
    landed += 1;
    if (landed === 2) await cancelCopies(entry.ends, ['entry']);
  });
  await resyncTables(entry.ends, ['entry']);
  await eventually(entry.state, 'parked');
  await expect(resyncTables(entry.ends, ['entry'], { shadow: true })).rejects.toThrow(
    'its copy has dropped constraint entry_pkey, constraint entry_code_key, index entry_item and not built it again, so that it has no old rows to keep',
  );
});
