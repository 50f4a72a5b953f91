/** Commands other than `ticker` with an INI file of pgqd, which means several databases. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings } from '../../src/db/session.js';
import { createDatabase, open } from '../support/databases.js';
import { Installation } from '../support/installation.js';
import { ownServer } from '../support/own-server.js';
import { pgqDatabase, value } from '../sql/pgq/pgq-database.js';

describe('pgqadm pgqd.ini', () => {
  let shop: ConnectSettings;
  let mail: ConnectSettings;
  let bare: ConnectSettings;
  let user: Installation;

  beforeAll(async () => {
    shop = await pgqDatabase('newest');
    mail = await pgqDatabase('newest');
    bare = await createDatabase('newest');
    user = new Installation(shop, mail);
    const ini = (list: string): string =>
      `[pgqd]\nbase_connstr = host=${shop.host} port=${shop.port} user=${shop.user}\n${list}\n`;
    user.write('pgqd.ini', ini(`database_list = ${shop.database}, ${mail.database}`));
    user.write('bare.ini', ini(`database_list = ${bare.database}, ${mail.database}`));
    for (const [settings, queues] of [
      [shop, ['orders', 'both']],
      [mail, ['letters', 'both']],
    ] as const) {
      await using session = await open(settings);
      for (const queue of queues) await session.query('select pgq.create_queue($1)', [queue]);
    }
  });

  test('what shows something shows it of each database', async () => {
    const status = await user.must('pgqadm pgqd.ini status');
    expect(status).toMatch(
      new RegExp(
        `^Database ${shop.database}\n(.*\n)*orders .*\n(.*\n)*\nDatabase ${mail.database}\n(.*\n)*letters `,
      ),
    );
    expect(JSON.parse(await user.must('pgqadm pgqd.ini config --json'))).toMatchObject({
      [shop.database]: [{ queue: 'both' }, { queue: 'orders' }],
      [mail.database]: [{ queue: 'both' }, { queue: 'letters' }],
    });
    expect(JSON.parse(await user.must('pgqadm pgqd.ini retry list --json'))).toEqual({
      [shop.database]: [],
      [mail.database]: [],
    });
    expect((await user.must('pgqadm pgqd.ini dead list')).match(/^Letter /gm)).toHaveLength(2);
    expect((await user.type('pgqadm pgqd.ini doctor')).stdout.match(/^Database .*/gm)).toEqual([
      `Database ${shop.database}`,
      `Database ${mail.database}`,
    ]);
  });

  test('one that fails holds up no other, and is in the exit code', async () => {
    const { code, stdout, stderr } = await user.type('pgqadm bare.ini status --json');
    expect(code).toBe(1);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([mail.database]);
    expect(stderr).toMatch(new RegExp(`^${bare.database}: .*schema pgq is not installed\n  → .*install`));
  });

  test('what names a queue is about the database that has it', async () => {
    expect(await user.must('pgqadm pgqd.ini register orders packer')).toBe('Registered: packer on orders\n');
    await using session = await open(shop);
    expect(await value(session, 'select count(*) from pgq.get_consumer_info()')).toBe(1);
    expect(await user.must('pgqadm pgqd.ini config letters ticker_max_count=7')).toMatch(/max_count += 7/);
    expect(await user.must('pgqadm pgqd.ini unregister orders packer')).toContain('packer');
    expect(await user.must('pgqadm pgqd.ini events orders')).toBe('');

    const refused = await user.refused(`pgqadm pgqd.ini retry now both --consumer o'neill`);
    expect(refused).toContain(`several have a queue both: ${shop.database}, ${mail.database}`);
    for (const { database } of [shop, mail])
      expect(refused).toContain(
        `→ pgqadm pgqd.ini --set database_list=${database} retry now both --consumer 'o'\\''neill'\n`,
      );
    expect(await user.refused('pgqadm pgqd.ini drop nowhere')).toContain(
      `none of the databases ${shop.database}, ${mail.database} has a queue nowhere`,
    );
  });

  test('what is about a whole database says what to type for each', async () => {
    const list = `database_list=${shop.database},${mail.database}`;
    for (const command of [
      'create new',
      'install',
      'upgrade',
      'uninstall',
      'dead retry 1',
      'dead purge --all',
    ])
      expect(await user.refused(`pgqadm pgqd.ini --set ${list} ${command}`), command).toBe(
        `pgqadm: this command is about one database, the configuration about several: ${shop.database}, ${mail.database}\n` +
          [shop, mail]
            .map(({ database }) => `  → pgqadm pgqd.ini --set database_list=${database} ${command}\n`)
            .join(''),
      );
    expect(await user.must(`pgqadm pgqd.ini --set database_list=${shop.database} create new`)).toContain(
      'new',
    );
    // Of a list of two only one has queues.
    expect(await user.must('pgqadm bare.ini create fresh')).toContain('fresh');
    await using session = await open(mail);
    expect(await value(session, `select count(*) from pgq.get_queue_info('fresh')`)).toBe(1);
  });
});

describe('pgqadm pgqd.ini without a list', () => {
  const server = ownServer('newest');

  test('finds the databases', async () => {
    const { port } = server();
    const queues = [await createDatabase({ port }), await createDatabase({ port })] as const;
    const [first, second] = queues.map(({ database }) => database).sort();
    const bare = await createDatabase({ port });
    const user = new Installation(...queues);
    user.write('pgqd.ini', `[pgqd]\nbase_connstr = host=${bare.host} port=${port} user=${bare.user}\n`);
    for (const database of [second, first])
      expect(await user.must(`pgqadm pgqd.ini --set database_list=${database} install`)).toContain('pgq:');
    const status = JSON.parse(await user.must('pgqadm pgqd.ini status --json')) as object;
    expect(Object.keys(status)).toEqual([first, second]);
    expect(await user.refused('pgqadm pgqd.ini create orders')).toContain(
      `several have schema pgq: ${first}, ${second}\n  → pgqadm pgqd.ini --set database_list=${first} create orders`,
    );
    expect(await user.refused('pgqadm pgqd.ini install')).toContain(
      `--set database_list=${bare.database} install`,
    );
  });
});
