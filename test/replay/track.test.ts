/** I4: a batch starts only on track. Positions that do not match are mended where that is safe, else refused. */
import { beforeEach, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.js';
import { readPosition } from '../../src/londiste/position.js';
import { registerConsumerAt } from '../../src/pgq/consumer.js';
import { addProviderTables } from '../../src/setup/provider.js';
import { addSubscriberTables, listTables } from '../../src/setup/subscriber-tables.js';
import { eventually, tickerRuns } from '../support/eventually.js';
import { createPair, Daemons, fingerprint, type Pair } from '../support/pair.js';

describe('positions that do not match', () => {
  let pair: Pair;
  let replay: Daemons;

  beforeEach(async () => {
    pair = await createPair('newest', 'oldest');
    const { provider, subscriber, ends, name } = pair;
    for (const session of [provider, subscriber])
      await session.execute('create table entry (id serial primary key, item text)');
    Daemons.ticker(pair);
    replay = Daemons.replay(pair);
    await addProviderTables(provider, name.queue, ['entry']);
    await tickerRuns(provider);
    await addSubscriberTables(ends, ['entry']);
    await eventually(async () => (await listTables(subscriber, name)).map(({ state }) => state), ['ok']);
  });

  async function insert(items: string): Promise<void> {
    await pair.provider.execute(`insert into entry (item) values ('${items}')`);
  }

  async function equal(): Promise<void> {
    await eventually(() => fingerprint(pair.subscriber, 'entry'), await fingerprint(pair.provider, 'entry'));
  }

  /** Rows and position of the subscriber as they are now, to be put back later: a restore of an older backup. */
  async function backup(): Promise<() => Promise<void>> {
    const { subscriber } = pair;
    await subscriber.execute(
      'create table backup_entry as table entry; create table backup_position as table londiste.position',
    );
    return () =>
      inTransaction(subscriber, async () => {
        await subscriber.execute(`truncate entry; insert into entry table backup_entry;
          update londiste.position p set (tick_id, tick_time, tick_snapshot, tick_event_seq) = (select tick_id, tick_time, tick_snapshot, tick_event_seq from backup_position)`);
      });
  }

  test('a subscriber that was restored to an earlier tick goes on from there', async () => {
    await insert('before');
    await equal();
    const restore = await backup();
    for (const item of ['one', 'two', 'three']) await insert(item);
    await equal();
    await replay.stop();
    await restore();
    replay = Daemons.replay(pair);
    await equal();
  });

  test('a consumer that somebody moved is put back', async () => {
    await insert('before');
    await equal();
    await replay.stop();
    const at = (await readPosition(pair.subscriber, pair.name))?.tick?.tickId ?? 0;
    for (const item of ['one', 'two']) {
      await insert(item);
      await eventually(
        async () => (await pair.provider.query('select from pgq.tick where tick_id > $1', [at])).length > 0,
        true,
      );
    }
    const { last } = await pair.provider.one<{ last: number }>('select max(tick_id) as last from pgq.tick');
    await registerConsumerAt(pair.provider, pair.name.queue, pair.name.consumer, last);
    replay = Daemons.replay(pair);
    await insert('three');
    await equal();
  });

  test('a tick that is gone, or is another one, is a lost position: nothing is applied', async () => {
    await insert('before');
    await equal();
    await replay.stop();
    await pair.provider.execute(`update pgq.tick set tick_time = tick_time + interval '1 microsecond'`);
    await insert('must not arrive');
    replay = Daemons.replay(pair);
    await expect(replay.ended()).rejects.toMatchObject({
      kind: 'lost-position',
      message: expect.stringContaining('lost position') as string,
    });
    const { rows } = await pair.subscriber.one<{ rows: number }>('select count(*)::int as rows from entry');
    expect(rows).toBe(1);
  });
});
