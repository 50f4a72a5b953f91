/** Two replays for one subscription: the second takes over as soon as the first one's connection is dead. */
import { expect, test } from 'vitest';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';

test(
  'a frozen first replay whose connections are cut is replaced, and stops when it wakes',
  { timeout: 120_000 },
  async () => {
    const sides = { provider: await createDatabase('newest'), subscriber: await createDatabase('oldest') };
    const user = new Installation(sides.provider, sides.subscriber);
    await user.createEntry();
    await user.replicateEntry();
    const first = user.pid('lmaster_to_slave') ?? 0;
    await eventually(
      async () => (await user.must('londiste replica.ini subscriber tables')).includes(' ok'),
      true,
    );
    process.kill(first, 'SIGSTOP');

    const second = '--set pidfile=second.pid --set logfile=second.log';
    expect(await user.refused(`londiste replica.ini replay -d ${second}`)).toContain('served already by');
    await asSuperuser(sides.subscriber.port, (admin) =>
      admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like 'londiste lmaster_to_slave%'`,
        [sides.subscriber.database],
      ),
    );
    const began = Date.now();
    await user.must(`londiste replica.ini replay -d ${second}`);
    await using provider = await open(sides.provider);
    await provider.execute(`insert into entry (item) values ('by the second')`);
    await becomeEqual(sides, { within: 30_000 });
    expect(Date.now() - began).toBeLessThan(30_000);
    console.log(
      `the second replay served ${Date.now() - began} ms after the first one's connection was gone`,
    );

    // The first one wakes, finds its connection gone and another one serving, and must not apply anything any more.
    process.kill(first, 'SIGCONT');
    await provider.execute(`insert into entry (item) select 'x' from generate_series(1, 100)`);
    await becomeEqual(sides);
    await user.gone('lmaster_to_slave');
    expect(user.log('lmaster_to_slave')).toContain('served already by');
    await user.must('londiste replica.ini -s --set pidfile=second.pid');
    await user.must('pgqadm ticker.ini -s');
  },
);
