/** `provider check` on a server whose sessions all begin as those of a replica. */
import { expect, test } from 'vitest';
import { checkProvider, installProvider } from '../../src/setup/provider.js';
import { quickSettings } from '../support/clusters.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { ownServer } from '../support/own-server.js';

const server = ownServer('oldest', { ...quickSettings, session_replication_role: 'replica' });

test('its configuration is told, unless database or role say otherwise', async () => {
  const settings = await createDatabase({ port: server().port });
  const { database, user } = settings;
  const found = async (): Promise<string[]> => {
    await using provider = await open(settings);
    const { faults } = await checkProvider(provider, 'q');
    return faults
      .filter(({ what, isFault }) => isFault && what.includes('session_replication_role'))
      .map(({ object, fix }) => `${object}: ${fix}`);
  };
  {
    await using provider = await open(settings);
    await installProvider(provider, 'q');
  }

  expect(await found()).toEqual([
    'server: set session_replication_role to origin in the configuration of the server, then select pg_reload_conf()',
  ]);
  const alter = (sql: string): Promise<unknown> => asSuperuser(server().port, (root) => root.execute(sql));
  await alter(`alter role ${user} set session_replication_role = origin`);
  expect(await found()).toEqual([]);
  await alter(
    `alter role ${user} reset session_replication_role; alter database ${database} set session_replication_role = replica`,
  );
  expect(await found()).toEqual([expect.stringMatching(`^database ${database}: alter database`)]);
});
