import { quoteIdent, quoteName } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { inTransaction } from '../db/transaction.js';
import { LondisteError } from '../kernel/errors.js';

/** The schemas that go together: the queue and what stands on it. */
const schemas = ['pgq_coop', 'pgq_ext', 'pgq'] as const;

const roles = ['pgq_admin', 'pgq_reader', 'pgq_writer'] as const;

/** What an uninstallation found and took away. */
export interface Uninstalled {
  /** Schemas that were there; empty when PgQ is not installed. */
  readonly schemas: readonly string[];
  /** Triggers of other tables that called PgQ: `trigger on schema.table`. */
  readonly triggers: readonly string[];
  /** Roles of the cluster that nobody else uses. */
  readonly roles: readonly string[];
  /** Roles that stay: another database has PgQ too, somebody is a member, or this session may not drop roles. */
  readonly rolesLeft: readonly string[];
}

/**
 * Takes PgQ out of a database: triggers that call it, its companions, its queues with all events, its roles. Writes to
 * the tables that had such triggers go on meanwhile: each table is locked for its own triggers only, for a moment.
 * Functions of an application that call PgQ by name are not known here, and fail afterwards.
 *
 * @throws LondisteError `refused` when Londiste captures changes here, another program made the schema, or views,
 *   foreign keys and the like of the application depend on it. Nothing has been changed then.
 */
export async function uninstallPgq(session: Session): Promise<Uninstalled> {
  const found = await session.query<{ name: string }>(
    'select nspname as name from pg_namespace where nspname = any ($1) order by array_position($1, nspname::text)',
    [schemas],
  );
  const present = found.map(({ name }) => name);
  if (present.length === 0) return { schemas: [], triggers: [], roles: [], rolesLeft: [] };
  await refuseWhatOthersNeed(session, present);

  const triggers = await dropTriggers(session, present);
  await inTransaction(session, async () => {
    // The lock of sql/pgq/guard.sql: no installer works here meanwhile.
    await session.query('select pg_advisory_xact_lock(1885827328, -1)');
    await session.execute('set local client_min_messages = warning');
    for (const name of present) await session.execute(`drop schema if exists ${quoteIdent(name)} cascade`);
  });
  return { schemas: present, triggers, ...(await dropRoles(session)) };
}

async function refuseWhatOthersNeed(session: Session, present: readonly string[]): Promise<void> {
  const { other } = await session.one<{ other: boolean }>(
    `select to_regclass('pgq.queue') is not null and to_regclass('pgq.installation') is null as other`,
  );
  if (other) {
    throw new LondisteError('refused', `${session.where}: schema pgq was made by another program`, {
      hint: 'remove it with that program; as an extension: drop extension pgq',
    });
  }
  const { captures } = await session.one<{ captures: boolean }>(
    `select to_regclass('londiste.provider_table') is not null as captures`,
  );
  if (captures) {
    const [captured] = await session.query<{ name: string }>(
      'select queue_name as name from londiste.provider_table order by 1 limit 1',
    );
    if (captured !== undefined) {
      throw new LondisteError(
        'refused',
        `${session.where}: londiste captures changes of tables into queue ${captured.name}, and their writes would fail`,
        { hint: 'run first: londiste CONFIG provider remove --all' },
      );
    }
  }
  const dependents = await session.query<{ name: string }>(
    `select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as name
     from pg_depend d
       cross join lateral pg_identify_object_as_address(d.refclassid, d.refobjid, d.refobjsubid) needed
       cross join lateral pg_identify_object_as_address(d.classid, d.objid, d.objsubid) needs
     where d.deptype = 'n' and d.classid <> 'pg_trigger'::regclass and d.refobjid >= 16384
       and needed.object_names[1] = any ($1) and not needs.object_names[1] = any ($1)
       -- A type's address has its schema within its name.
       and not coalesce((pg_identify_object(d.classid, d.objid, d.objsubid)).schema = any ($1), false)
     order by 1`,
    [present],
  );
  if (dependents.length === 0) return;
  throw new LondisteError(
    'refused',
    `${session.where}: other objects depend on ${present.join(', ')}: ${dependents.map(({ name }) => name).join('; ')}`,
    { hint: 'drop them first' },
  );
}

/** One transaction for each table: whoever writes several of them cannot meet this in a deadlock. */
async function dropTriggers(session: Session, present: readonly string[]): Promise<string[]> {
  const found = await session.query<{ name: string; schema: string; table: string }>(
    `select t.tgname as name, n.nspname as schema, c.relname as "table"
     from pg_trigger t
       join pg_class c on c.oid = t.tgrelid
       join pg_namespace n on n.oid = c.relnamespace
       join pg_proc p on p.oid = t.tgfoid
     where not t.tgisinternal and t.tgparentid = 0
       and p.pronamespace in (select oid from pg_namespace where nspname = any ($1))
       and not n.nspname = any ($1)
     order by c.oid, t.tgname`,
    [present],
  );
  for (const { name, schema, table } of found) {
    await session.execute(
      `drop trigger if exists ${quoteIdent(name)} on ${quoteName({ schema, name: table })}`,
    );
  }
  return found.map(({ name, schema, table }) => `${name} on ${schema}.${table}`);
}

async function dropRoles(session: Session): Promise<Pick<Uninstalled, 'roles' | 'rolesLeft'>> {
  const dropped: string[] = [];
  const left: string[] = [];
  for (const role of roles) {
    // Rights in other databases keep a role from being dropped; its members would only silently lose theirs.
    const [there] = await session.query<{ members: boolean }>(
      `select exists (
         select from pg_auth_members m join pg_roles member on member.oid = m.member
         where m.roleid = r.oid and member.rolname not in ('pgq_admin', current_user)
       ) as members
       from pg_roles r where r.rolname = $1`,
      [role],
    );
    if (there === undefined) continue;
    const isGone = !there.members && (await dropRole(session, role));
    (isGone ? dropped : left).push(role);
  }
  return { roles: dropped, rolesLeft: left };
}

async function dropRole(session: Session, role: string): Promise<boolean> {
  try {
    await session.execute(`drop role ${quoteIdent(role)}`);
    return true;
  } catch (thrown) {
    if (session.closed || !(thrown instanceof LondisteError)) throw thrown;
    return false;
  }
}
