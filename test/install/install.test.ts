import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ConnectSettings, Row } from '../../src/db/session.js';
import { installSchema, requireSchema } from '../../src/install/install.js';
import { createDatabase, open } from '../support/databases.js';
import { catalogue } from './catalogue.js';

const manifest = fileURLToPath(new URL('../../sql/pgq/install.sql', import.meta.url));

describe.each(['oldest', 'newest'] as const)('installing pgq on %s', (which) => {
  it('changes nothing the second time', async () => {
    await using session = await open(await createDatabase(which));
    await expect(requireSchema(session, 'pgq', 'pgqadm ... install')).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('schema pgq is not installed') as string,
      hint: 'run: pgqadm ... install',
    });
    expect(await installSchema(session, 'pgq')).toBe('installed');
    await requireSchema(session, 'pgq', '');
    const before = await catalogue(session, 'pgq');
    expect(before.length).toBeGreaterThan(100);
    expect(await installSchema(session, 'pgq')).toBe('present');
    expect(await catalogue(session, 'pgq')).toEqual(before);
  });

  it.each(['LATIN1', 'SQL_ASCII', 'EUC_JP'])('is no matter of the encoding: %s', async (encoding) => {
    await using session = await open(await createDatabase(which, { encoding }));
    expect(await installSchema(session, 'pgq')).toBe('installed');
    expect(await installSchema(session, 'londiste')).toBe('installed');
  });

  it('makes the functions anew when they are not of this version, and keeps the tables', async () => {
    await using session = await open(await createDatabase(which));
    await installSchema(session, 'pgq');
    const before = await catalogue(session, 'pgq');
    await session.query(`select pgq.create_queue('kept')`);
    await session.query(
      `create or replace function pgq.version() returns text language sql as $$ select 'old' $$`,
    );
    await session.query(`update pgq.installation set code_digest = 'of something else'`);
    expect(await installSchema(session, 'pgq')).toBe('upgraded');
    expect(
      await session.query(`select pgq.version() ~ '^3' as ours, (select queue_name from pgq.queue)`),
    ).toEqual([{ ours: true, queue_name: 'kept' }]);
    await session.query(`select pgq.drop_queue('kept')`);
    expect(await catalogue(session, 'pgq')).toEqual(before);
    expect(await installSchema(session, 'pgq')).toBe('present');
  });

  it('refuses what a newer version has left behind, and leaves alone what it can still work with', async () => {
    await using session = await open(await createDatabase(which));
    await installSchema(session, 'pgq');
    await session.query(`update pgq.installation set schema_version = 7, code_digest = 'of version 7'`);
    expect(await installSchema(session, 'pgq')).toBe('present');
    await session.query(`update pgq.installation set oldest_code = 6`);
    const refusal = { kind: 'outdated', hint: 'use the newer version of the program here too' };
    await expect(installSchema(session, 'pgq')).rejects.toMatchObject(refusal);
    await expect(requireSchema(session, 'pgq', '')).rejects.toMatchObject(refusal);
  });

  it('refuses a schema pgq of another program', async () => {
    await using session = await open(await createDatabase(which));
    await session.query('create schema pgq; create table pgq.queue (queue_id integer)');
    await expect(installSchema(session, 'pgq')).rejects.toThrow(
      /was made by another program \(installing pgq\/guard/,
    );
    expect(await session.query(`select nspname from pg_namespace where nspname = 'pgq'`)).toHaveLength(1);
    expect(await session.query(`select to_regclass('pgq.tick') as tick`)).toEqual([{ tick: null }]);
  });

  it('is done by one of many that install at once, in each of two databases', async () => {
    const databases = await Promise.all([createDatabase(which), createDatabase(which)]);
    const outcomes = await Promise.all(
      databases.flatMap((settings) => Array.from({ length: 10 }, () => installIn(settings))),
    );
    for (const inOne of [outcomes.slice(0, 10), outcomes.slice(10)])
      expect([...inOne].sort()).toEqual(['installed', ...Array.from({ length: 9 }, () => 'present')]);
    const [one, two] = await Promise.all(databases.map(catalogueOf));
    expect(one).toEqual(two);
  });

  it('gives the same with psql', async (context) => {
    const psql = spawnSync('psql', ['--version']);
    if (psql.status !== 0) context.skip('there is no psql on this machine: psql --version failed');
    const [byPsql, byUs] = await Promise.all([createDatabase(which), createDatabase(which)]);
    for (const time of ['first', 'second']) {
      const { status, stderr } = spawnSync(
        'psql',
        [
          '-X',
          '-q',
          '-h',
          byPsql.host,
          '-p',
          String(byPsql.port),
          '-U',
          byPsql.user,
          '-d',
          byPsql.database,
          '-f',
          manifest,
        ],
        { encoding: 'utf8' },
      );
      expect({ status, stderr }, time).toEqual({ status: 0, stderr: '' });
    }
    expect(await installIn(byUs)).toBe('installed');
    expect(await catalogueOf(byPsql)).toEqual(await catalogueOf(byUs));
    expect(await installIn(byPsql)).toBe('upgraded');
    expect(await installIn(byPsql)).toBe('present');
  });
});

async function installIn(settings: ConnectSettings): Promise<string> {
  await using session = await open(settings);
  return await installSchema(session, 'pgq');
}

async function catalogueOf(settings: ConnectSettings): Promise<Row[]> {
  await using session = await open(settings);
  return await catalogue(session, 'pgq');
}
