/** C3 as its user sees it: a provider that may lose commits in a crash never loses one that the subscriber has. */
import { expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';
import { isLong } from '../support/random-stories.js';

const crashes = isLong ? 6 : 3;

// Nothing but a commit that asks for it flushes the log.
const server = ownServer('oldest', { fsync: 'on', wal_writer_delay: '10s', wal_writer_flush_after: '0' });

async function ids(settings: ConnectSettings): Promise<number[]> {
  await using session = await open(settings);
  return (await session.query<{ id: number }>('select id from entry')).map(({ id }) => id);
}

test('synchronous_commit = off, crashes after ticks', { timeout: 120_000 }, async () => {
  const sides = {
    provider: await createDatabase({ port: server().port }),
    subscriber: await createDatabase('newest'),
  };
  await asSuperuser(server().port, (admin) =>
    admin.execute(`alter database ${sides.provider.database} set synchronous_commit = off`),
  );
  const user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  await user.replicateEntry();
  await becomeEqual(sides);

  let lost = 0;
  let arrived = 0;
  for (let crash = 0; crash < crashes; crash += 1) {
    const acknowledged: number[] = [];
    {
      await using provider = await open(sides.provider);
      const end = Date.now() + 400 + crash * 13;
      while (Date.now() < end) {
        acknowledged.push(
          (
            await provider.one<{ id: number }>(
              `insert into entry (item) values ('crash ${crash}') returning id`,
            )
          ).id,
        );
      }
      await server().stop('immediate');
    }
    const before = new Set(await ids(sides.subscriber));
    await server().start();
    const kept = new Set(await ids(sides.provider));
    lost += acknowledged.filter((id) => !kept.has(id)).length;
    arrived += acknowledged.filter((id) => before.has(id)).length;
    expect([...before].filter((id) => !kept.has(id))).toEqual([]);
    await becomeEqual(sides, { sequence: 'entry_id_seq' });
  }
  console.log(
    `${crashes} crashes: ${lost} acknowledged commits were lost by the provider, ${arrived} had arrived, none of those was lost`,
  );
  expect(lost).toBeGreaterThan(0);
  expect(arrived).toBeGreaterThan(0);
  await user.stop();
});
