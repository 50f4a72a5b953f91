/** Servers that cannot be used as they are: in recovery, too old, or asking for a password. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { majorOf } from '../../src/db/session.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { becomeEqual } from '../support/equality.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';

const server = ownServer('newest');

/** Restarts the server as a standby that follows nobody, or as a primary again. */
async function restart(as: 'standby' | 'primary'): Promise<void> {
  await server().stop('fast');
  const signal = join(server().dataFolder, 'standby.signal');
  if (as === 'standby') writeFileSync(signal, '');
  else rmSync(signal);
  await server().start();
}

test('a subscriber in recovery', { timeout: 120_000 }, async () => {
  const sides = {
    provider: await createDatabase('oldest'),
    subscriber: await createDatabase({ port: server().port }),
  };
  const user = new Installation(sides.provider, sides.subscriber);
  await user.createEntry();
  await user.replicateEntry();

  await restart('standby');
  for (const command of ['subscriber install', 'subscriber resync entry', 'subscriber remove entry']) {
    const said = await user.refused(`londiste replica.ini ${command}`);
    expect(said).toContain('in recovery');
    expect(said).toContain('primary');
  }
  await using provider = await open(sides.provider);
  await provider.execute(`insert into entry (item) select 'meanwhile' from generate_series(1, 100)`);
  await eventually(() => user.log('lmaster_to_slave').includes('retryInMs'), true);
  await restart('primary');
  await becomeEqual(sides, { sequence: 'entry_id_seq' });
  await user.stop();
});

test('a provider in recovery', async () => {
  const sides = {
    provider: await createDatabase({ port: server().port }),
    subscriber: await createDatabase('oldest'),
  };
  const user = new Installation(sides.provider, sides.subscriber);
  await restart('standby');
  expect(await user.refused('londiste replica.ini provider install')).toContain('in recovery');
  expect(await user.refused('pgqadm ticker.ini install')).toContain('in recovery');
  await restart('primary');
});

test('a server older than 14', () => {
  expect(() => majorOf('130023', 'provider foo at 127.0.0.1:5432')).toThrow(
    'provider foo at 127.0.0.1:5432: PostgreSQL 13 is too old',
  );
  expect(majorOf('140023', '')).toBe(14);
  expect(majorOf('180004', '')).toBe(18);
});

test('a wrong password is told without telling it; the password file has the right one', async () => {
  const sides = {
    provider: await createDatabase({ port: server().port }),
    subscriber: await createDatabase('oldest'),
  };
  const user = new Installation(sides.provider, sides.subscriber);
  const rules = join(server().dataFolder, 'pg_hba.conf');
  writeFileSync(rules, `host all keeper 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`);
  await asSuperuser(server().port, async (admin) => {
    await admin.execute(
      `create role keeper login password 'right-canary'; alter database ${sides.provider.database} owner to keeper`,
    );
    await admin.execute('select pg_reload_conf()');
  });
  const { host, port, database } = sides.provider;
  const withPassword = (password: string): string =>
    user
      .replicaIni()
      .replace(
        /^provider_db = .*$/m,
        `provider_db = dbname=${database} host=${host} port=${port} user=keeper${password}`,
      );
  user.write('wrong.ini', withPassword(' password=wrong-canary'));
  const said = await user.refused('londiste wrong.ini provider install');
  expect(said).toContain('password authentication failed');
  expect(said).toContain('pgpass');
  expect(said).not.toContain('canary');

  user.write('file.ini', withPassword(''));
  user.write('pgpass', `${host}:${port}:*:keeper:right-canary\n`, 0o600);
  await user.must('londiste file.ini provider install', { PGPASSFILE: join(user.folder, 'pgpass') });
});
