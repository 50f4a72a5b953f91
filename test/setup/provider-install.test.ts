/** What `provider install` sets, and what it leaves as it is. */
import { expect, test } from 'vitest';
import { ownSettings, setQueueConfig } from '../../src/pgq/queue.js';
import { installProvider } from '../../src/setup/provider.js';
import { createDatabase, open } from '../support/databases.js';

test('ticks stay until rotation, also of a queue that is there, unless somebody has set it', async () => {
  await using session = await open(await createDatabase('newest'));
  const kept = async (): Promise<number | undefined> => (await ownSettings(session)).get('q')?.ticksKept;
  await installProvider(session, 'q');
  expect(await kept()).toBe(1_000_000);
  // As an upgrade from 0.1.0 leaves it.
  await session.query('delete from pgq.queue_setting');
  await installProvider(session, 'q');
  expect(await kept()).toBe(1_000_000);
  await setQueueConfig(session, 'q', 'ticks_kept', '10');
  await installProvider(session, 'q');
  expect(await kept()).toBe(10);
});
