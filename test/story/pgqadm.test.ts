/** The commands of pgqadm as an operator types them. */
import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectSettings, Session } from '../../src/db/session.js';
import { asSuperuser, createDatabase, open } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { root } from '../support/programs.js';
import { value } from '../sql/pgq/pgq-database.js';

interface Diagnosis {
  readonly healthy: boolean;
  readonly findings: readonly unknown[];
}

describe('pgqadm', () => {
  let settings: ConnectSettings;
  let user: Installation;
  let session: Session;

  beforeAll(async () => {
    settings = await createDatabase('newest');
    user = new Installation(settings, settings);
    session = await open(settings);
    return () => session.end();
  });

  const json = async <T>(line: string): Promise<T> => {
    const { stdout, stderr } = await user.type(`pgqadm ticker.ini ${line} --json`);
    expect(stderr, line).toBe('');
    return JSON.parse(stdout) as T;
  };

  const diagnosis = (): Promise<Diagnosis> => json('doctor');

  async function tick(): Promise<void> {
    await session.query(`select pgq.force_tick('orders')`);
    await session.query(`select pgq.ticker('orders')`);
  }

  /** All batches that the consumer has before it, with all events put back or finished. */
  async function batch(consumer: string, retryIn?: number): Promise<void> {
    await tick();
    for (;;) {
      const id = await value<number | null>(session, `select pgq.next_batch('orders', $1)`, [consumer]);
      if (id === null) return;
      if (retryIn !== undefined) await session.query('select pgq.batch_retry($1, $2)', [id, retryIn]);
      await session.query('select pgq.finish_batch($1)', [id]);
    }
  }

  test('install, upgrade, queues and consumers, each said to people and to programs', async () => {
    expect(await user.refused('pgqadm ticker.ini upgrade')).toContain('pgqadm CONFIG install');
    const bare = await diagnosis();
    expect(bare.healthy).toBe(false);
    expect(bare.findings).toContainEqual({
      level: 'fault',
      about: 'schema pgq',
      what: 'it is not installed',
      fix: 'pgqadm CONFIG install',
    });
    await user.must('pgqadm ticker.ini install');
    expect(await user.must('pgqadm ticker.ini upgrade')).toContain('schema pgq: present');
    await session.query(`update pgq.installation set code_digest = 'another'`);
    expect((await diagnosis()).findings).toContainEqual(
      expect.objectContaining({ about: 'schema pgq', fix: 'pgqadm CONFIG upgrade' }),
    );
    expect(await json('upgrade')).toEqual({ pgq: 'upgraded', pgq_coop: 'present', pgq_ext: 'present' });

    expect(await json('create orders')).toEqual({ queue: 'orders', created: true });
    expect(await json('register orders mailer')).toEqual({
      queue: 'orders',
      consumer: 'mailer',
      registered: true,
    });
    expect(await user.must('pgqadm ticker.ini register orders tmp')).toBe('Registered: tmp on orders\n');
    expect(await json('unregister orders tmp')).toEqual({
      queue: 'orders',
      consumer: 'tmp',
      unregistered: true,
    });
  });

  test('config shows all, one, and sets with and without the prefix', async () => {
    await user.must('pgqadm ticker.ini config orders queue_ticker_max_count=7 rotation_period=3h');
    expect(await user.must('pgqadm ticker.ini config')).toMatch(
      /^orders\n(.*\n)* +ticker_max_count +  *= 7$/m,
    );
    expect(await json('config orders')).toMatchObject([
      {
        queue: 'orders',
        ticker_max_count: 7,
        rotation_period: '03:00:00',
        ticker_paused: false,
        consumer_drop_after: 'never',
      },
    ]);
    expect(await user.refused('pgqadm ticker.ini config orders ticker_leg=1')).toContain(
      'unknown config var: ticker_leg',
    );
    expect(await user.refused('pgqadm ticker.ini config nowhere')).toContain('no such queue: nowhere');
  });

  test('status has versions, EPS, New and Pending', async () => {
    await session.query(`select pgq.insert_event('orders', 't', 'd') from generate_series(1, 3)`);
    const lines = (await user.must('pgqadm ticker.ini status')).split('\n');
    const version = await value<string>(session, `select current_setting('server_version')`);
    expect(lines[0]).toBe(`Postgres version: ${version}   PgQ version: 3.5.2`);
    expect(lines.find((line) => line.startsWith('Event queue'))).toMatch(/Rotation +Ticker +TLag +EPS +New/);
    expect(lines.find((line) => line.startsWith('orders '))).toMatch(
      /3\/03:00:00 +7\/00:00:03\/00:01:00 .* 3$/,
    );
    expect(lines.find((line) => line.startsWith('orders: mailer'))).toMatch(/s +\d+\.\ds +3$/);
    expect(await json('status')).toMatchObject({
      pgq: '3.5.2',
      ticker: false,
      queues: [{ queueName: 'orders', newEvents: 3 }],
      consumers: [{ queueName: 'orders', consumerName: 'mailer', pendingEvents: 3, isStale: false }],
    });
  });

  test('events shows a queue as lines and as JSON', async () => {
    await session.query(
      `select pgq.insert_event('orders', 'order.new', e'two\\nlines\\tand a \\\\ ü', 'x1', null, null, null)`,
    );
    await tick();
    const lines = await user.must('pgqadm ticker.ini events orders');
    expect(lines.trimEnd().split('\n')).toHaveLength(4);
    expect(lines).toMatch(/ {2}4 {2}order\.new {2}two\\nlines\\tand a \\ ü {2}extra1=x1\n/);
    const out = await user.must('pgqadm ticker.ini events orders --json --from oldest --type order.* none');
    expect(JSON.parse(out)).toMatchObject({
      id: 4,
      type: 'order.new',
      data: 'two\nlines\tand a \\ ü',
      extra1: 'x1',
      extra2: null,
      retries: 0,
    });
    await batch('mailer');
  });

  test('events -f shows what comes while it comes', async () => {
    const child = spawn(
      process.execPath,
      [`${root}bin/pgqadm`, 'ticker.ini', 'events', 'orders', '-f', '--json'],
      { cwd: user.folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      // It listens: what is ticked from now on it sees.
      await eventually(
        () =>
          value(
            session,
            `select count(*) from pg_stat_activity where datname = current_database() and query ~ 'pgq.tick' and pid <> pg_backend_pid()
               and application_name = 'londiste ticker command'`,
          ),
        1,
      );
      for (const data of ['first', 'second']) {
        await session.query(`select pgq.insert_event('orders', 'follow', $1)`, [data]);
        await tick();
        await eventually(() => out.includes(`"data":"${data}"`), true);
      }
      expect(out.trimEnd().split('\n')).toHaveLength(2);
    } finally {
      child.kill('SIGINT');
      await ended;
    }
    await batch('mailer');
  });

  test('retry lists, sends now, and drops', async () => {
    await session.query(
      `select pgq.insert_event('orders', 'again', 'payload ' || n) from generate_series(1, 3) n`,
    );
    await batch('mailer', 3600);
    const waiting =
      await json<{ id: number; consumer: string; isDue: boolean; retries: number }[]>('retry list orders');
    expect(waiting).toHaveLength(3);
    expect(waiting[0]).toMatchObject({
      queue: 'orders',
      consumer: 'mailer',
      isDue: false,
      retries: 1,
      type: 'again',
    });
    expect(await user.must('pgqadm ticker.ini retry list --consumer mailer --limit 2')).toMatch(
      /orders: mailer .* 1 +again +payload \d\n.*\n\(the first 2\)/,
    );
    expect(await user.refused('pgqadm ticker.ini retry now orders')).toContain('--all, --consumer, --id');
    expect(await user.refused('pgqadm ticker.ini retry now nowhere --all')).toContain(
      'no such queue: nowhere',
    );
    const [first, second] = waiting.map(({ id }) => id);
    expect(await json(`retry drop orders --id ${first ?? 0}`)).toEqual({ dropped: 1 });
    expect(await json(`retry now orders --id ${second ?? 0}`)).toEqual({ sent: 1 });
    expect(await user.must('pgqadm ticker.ini retry now orders --all')).toBe('Sent: 1 events\n');
    await session.query(`select pgq.force_tick('orders')`);
    await session.query(`select pgq.ticker('orders')`);
    expect(
      (await user.must('pgqadm ticker.ini events orders --consumer mailer')).match(/retry=1/g),
    ).toHaveLength(2);
    await batch('mailer');
  });

  test('dead lists, gives back, and purges', async () => {
    await session.query(
      `select pgq.insert_event('orders', 'bad', 'payload ' || n) from generate_series(1, 2) n`,
    );
    await tick();
    const id = await value<number>(session, `select pgq.next_batch('orders', 'mailer')`);
    await session.query(
      `select pgq.event_dead($1, ev_id, 'no ' || ev_data) from (select ev_id, ev_data from pgq.get_batch_events($1)) e`,
      [id],
    );
    await session.query('select pgq.finish_batch($1)', [id]);
    const letters = await json<{ letter: number }[]>('dead list orders');
    expect(letters).toMatchObject([
      { queue: 'orders', consumer: 'mailer', type: 'bad', reason: 'no payload 1', data: 'payload 1' },
      { reason: 'no payload 2' },
    ]);
    expect(await user.must('pgqadm ticker.ini dead list')).toMatch(
      /orders: mailer .* bad +no payload 1 +payload 1/,
    );
    expect(await json(`dead retry ${letters[0]?.letter ?? 0}`)).toMatchObject([
      { letter: letters[0]?.letter },
    ]);
    expect(await user.refused('pgqadm ticker.ini dead retry some')).toContain(
      'expected a whole number, got "some"',
    );
    expect(await json('retry list')).toMatchObject([{ isDue: true, retries: 0, data: 'payload 1' }]);
    expect(await user.refused('pgqadm ticker.ini dead purge')).toContain('--all, --consumer, --older-than');
    expect(await json('dead purge orders --older-than 1h')).toEqual({ purged: 0 });
    expect(await json('dead purge --all')).toEqual({ purged: 1 });
    await user.must('pgqadm ticker.ini retry drop orders --all');
  });

  test('doctor tells by its exit code, to people and to programs', async () => {
    const { code, stdout } = await user.type('pgqadm ticker.ini doctor');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Nothing is wrong\.\n$/) as string,
    });
    expect(stdout).toMatch(/^Role app may do the work of a\n {2}producer: yes\n/m);
    const role = `doctor_${process.pid}`;
    await asSuperuser(settings.port, (admin) => admin.execute(`create role ${role} login`));
    try {
      const denied = await user.type(`pgqadm ticker.ini doctor --role ${role} --for producer`);
      expect(denied.code).toBe(1);
      expect(denied.stdout).toMatch(
        /FAULT {2}role doctor_\d+: may not do the work of a producer\n {4}→ grant /,
      );
    } finally {
      await asSuperuser(settings.port, (admin) => admin.execute(`drop role ${role}`));
    }
    expect(await user.refused('pgqadm ticker.ini doctor --role nobody_here')).toContain(
      'there is no role nobody_here',
    );
    expect(await user.refused('pgqadm ticker.ini doctor --for tickr')).toContain('did you mean ticker?');
  });

  test('drop drops, and uninstall asks first, refuses while Londiste captures, and leaves nothing', async () => {
    expect(await user.refused('pgqadm ticker.ini uninstall')).toContain(
      'drop 1 queues with their events (orders) and 1 consumers',
    );
    await session.query('create table written (id serial primary key)');
    await user.must('londiste replica.ini provider install');
    await user.must('londiste replica.ini provider add written');
    expect(await user.refused('pgqadm ticker.ini uninstall --yes')).toContain('provider remove');
    await user.must('londiste replica.ini provider remove written');
    await session.query(`select pgq.create_queue('gone')`);
    expect(await user.must('pgqadm ticker.ini drop gone')).toBe('Dropped: gone\n');
    const gone = await json<{ schemas: string[] }>('uninstall --yes');
    expect(gone.schemas).toContain('pgq');
    expect(await value(session, `select count(*) from pg_namespace where nspname ~ '^pgq'`)).toBe(0);
    await session.query('insert into written default values');
  });
});
