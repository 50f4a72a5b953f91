/** The ticker of a server as a program: the INI file of pgqd, its signals, its death. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { eagerQueue, pgqDatabase } from '../sql/pgq/pgq-database.js';
import { ticks } from '../ticker/ticks.js';

async function database(): Promise<ConnectSettings> {
  const settings = await pgqDatabase('newest');
  await using session = await open(settings);
  await eagerQueue(session);
  return settings;
}

describe('pgqadm pgqd.ini ticker', () => {
  test('serves, tells what it does not know, is killed and goes on, reloads and stops', async () => {
    const one = await database();
    const two = await database();
    const user = new Installation(one, two);
    const ini = (databases: string): string => `[pgqd]
base_connstr = host=${one.host} port=${one.port} user=${one.user}
database_list = ${databases}
check_period = 1
ticker_period = 0.1
tiker_period = 0.2
logfile = %(job_name)s.log
pidfile = %(job_name)s.pid
`;
    user.write('pgqd.ini', ini(`${one.database}, ${two.database}`));
    const started = await user.type('pgqadm pgqd.ini ticker -d');
    expect(started).toMatchObject({ code: 0 });
    expect(started.stderr).toContain('tiker_period: unknown key (did you mean ticker_period?)');
    expect(user.log('pgqd')).toContain('did you mean ticker_period?');
    await Promise.all([ticks(one), ticks(two)]);

    user.kill('pgqd');
    await user.gone('pgqd');
    await user.must('pgqadm pgqd.ini ticker -d');
    await Promise.all([ticks(one), ticks(two)]);

    renameSync(join(user.folder, 'pgqd.log'), join(user.folder, 'pgqd.log.1'));
    await user.must('pgqadm pgqd.ini -r');
    await eventually(() => user.log('pgqd').includes('re-reading config: nothing has changed'), true);
    expect(user.log('pgqd')).toContain('got SIGHUP');

    const three = await database();
    user.write('pgqd.ini', ini(three.database).replace('ticker_period = 0.1', 'ticker_period = soon'));
    expect(await user.refused('pgqadm pgqd.ini -r'), 'whoever types it is told').toContain('ticker_period');
    process.kill(user.pid('pgqd') ?? 0, 'SIGHUP');
    await eventually(() => /that of before goes on: .*ticker_period/s.test(user.log('pgqd')), true);
    await Promise.all([ticks(one), ticks(two)]);
    user.write('pgqd.ini', ini(`${two.database}, ${three.database}`));
    await user.must('pgqadm pgqd.ini -r');
    await Promise.all([ticks(two), ticks(three)]);
    expect(user.log('pgqd')).toContain('it has changed, and holds from now on');
    await using inOne = await open(one);
    await eventually(
      () =>
        inOne.query(
          `select from pg_stat_activity where datname = current_database() and application_name ~ '^pgqadm '`,
        ),
      [],
    );
    await user.must('pgqadm pgqd.ini -s');
    await user.gone('pgqd');
    expect(user.log('pgqd')).toContain('pgqd has stopped');

    expect(await user.must('pgqadm pgqd.ini status')).toContain(`Database ${three.database}\n`);
    expect(await user.must(`pgqadm pgqd.ini --set database_list=${two.database} status`)).toContain('q: c');

    user.write('nowhere.ini', ini('nowhere_to_be_found').replace('tiker_period = 0.2\n', ''));
    const refused = await user.refused('pgqadm nowhere.ini ticker -d');
    expect(refused).toContain('database "nowhere_to_be_found" does not exist');
    expect(user.pid('pgqd')).toBeUndefined();
  });
});
