import { quoteIdent } from '../db/identifiers.js';
import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import { fault, note, type Finding } from './finding.js';

/** What a role may be for. */
export const works = ['producer', 'consumer', 'ticker', 'admin'] as const;
export type Work = (typeof works)[number];

/** The role of PgQ that has the rights of a work, and the functions of schema pgq that it calls. */
const needs: Readonly<Record<Work, { readonly group: string; readonly functions: readonly string[] }>> = {
  producer: { group: 'pgq_writer', functions: ['insert_event', 'current_event_table'] },
  consumer: {
    group: 'pgq_reader',
    functions: [
      'register_consumer',
      'unregister_consumer',
      'next_batch',
      'next_batch_info',
      'next_batch_custom',
      'get_batch_events',
      'get_batch_cursor',
      'event_retry',
      'batch_retry',
      'finish_batch',
    ],
  },
  ticker: {
    group: 'pgq_admin',
    functions: [
      'announce_ticker',
      'tick_when_due',
      'due_events',
      'ticker',
      'maint_operations',
      'maint_retry_events',
      'maint_rotate_tables_step1',
      'maint_rotate_tables_step2',
      'maint_tables_to_vacuum',
    ],
  },
  admin: {
    group: 'pgq_admin',
    functions: ['create_queue', 'drop_queue', 'set_queue_config', 'force_tick', 'retry_now', 'retry_drop'],
  },
};

/** What a role may do, and what it would take for each work that it may not. */
export interface Rights {
  readonly role: string;
  readonly may: Readonly<Record<Work, boolean>>;
  /** Statements for whoever owns the database; none where nothing is missing. */
  readonly grants: Readonly<Record<Work, readonly string[]>>;
}

/** @throws LondisteError `usage` when there is no such role. */
export async function rightsOf(session: Session, named: string | undefined): Promise<Rights> {
  const [found] = await session.query<{ role: string; groups: string[] }>(
    `select rolname as role, array(
         select g.rolname::text from pg_roles g
         where g.rolname in ('pgq_reader', 'pgq_writer', 'pgq_admin') and pg_has_role(r.oid, g.oid, 'usage')
       ) as groups
     from pg_roles r where rolname = coalesce($1, current_user)`,
    [named ?? null],
  );
  if (!found) {
    throw new LondisteError('usage', `${session.where}: there is no role ${named ?? ''}`, {
      hint: `create it: create role ${quoteIdent(named ?? '')} login`,
    });
  }
  const existing = await session.query<{ name: string }>(
    `select rolname as name from pg_roles where rolname in ('pgq_reader', 'pgq_writer', 'pgq_admin')`,
  );
  const groups = { all: existing.map(({ name }) => name), of: found.groups };
  const may: Partial<Record<Work, boolean>> = {};
  const grants: Partial<Record<Work, string[]>> = {};
  for (const work of works) {
    const missing = await missingRights(session, found.role, work);
    may[work] = missing.length === 0;
    grants[work] = missing.length === 0 ? [] : grantsFor(found.role, work, missing, groups);
  }
  return { role: found.role, may: may as Record<Work, boolean>, grants: grants as Record<Work, string[]> };
}

interface Missing {
  /** Whether the group of the work has it: then membership is enough. */
  readonly groupHas: boolean;
  /** `execute on routine pgq.ticker()`. */
  readonly what: string;
}

async function missingRights(session: Session, role: string, work: Work): Promise<Missing[]> {
  const { group, functions } = needs[work];
  return session.query<Missing>(
    `with here (name) as (values ($1::name)),
     asked (what, has, group_has) as (
       select format('connect on database %I', current_database()),
         has_database_privilege((select name from here), current_database(), 'connect'), false
       union all
       select 'usage on schema pgq', has_schema_privilege((select name from here), 'pgq', 'usage'),
         coalesce((select has_schema_privilege(oid, 'pgq', 'usage') from pg_roles where rolname = $2), false)
       union all
       select 'execute on routine ' || p.oid::regprocedure::text,
         has_function_privilege((select name from here), p.oid, 'execute'),
         coalesce((select has_function_privilege(r.oid, p.oid, 'execute') from pg_roles r where rolname = $2), false)
       from pg_proc p
       where p.pronamespace = 'pgq'::regnamespace and p.proname = any ($3)
       union all
       select 'select on ' || c.oid::regclass::text, has_table_privilege((select name from here), c.oid, 'select'),
         coalesce((select has_table_privilege(r.oid, c.oid, 'select') from pg_roles r where rolname = $2), false)
       from pg_class c
       where $4 and c.relnamespace = 'pgq'::regnamespace and c.relkind = 'r' and c.relname ~ '^event_(template|[0-9]+)$'
     )
     select what, group_has as "groupHas" from asked where not has order by what`,
    [role, group, functions, work === 'consumer'],
  );
}

function grantsFor(
  role: string,
  work: Work,
  missing: readonly Missing[],
  groups: { readonly all: readonly string[]; readonly of: readonly string[] },
): string[] {
  const { group } = needs[work];
  const name = quoteIdent(role);
  const isMember = groups.of.includes(group);
  const byGroup = groups.all.includes(group) && !isMember && missing.some(({ groupHas }) => groupHas);
  const explicit = missing.filter(({ groupHas }) => !(byGroup && groupHas));
  const to = (what: string): string => (isMember && !what.startsWith('connect') ? quoteIdent(group) : name);
  return [
    ...(byGroup ? [`grant ${group} to ${name};`] : []),
    ...explicit.map(({ what }) => `grant ${what} to ${to(what)};`),
  ];
}

/** What is missing for the work that the role is for is a fault. */
export function rightsFindings({ role, may, grants }: Rights, work: Work): Finding[] {
  if (may[work]) return [];
  return [fault(`role ${role}`, `may not do the work of a ${work}`, grants[work].join('\n'))];
}

/** Roles of the cluster that the installer was not allowed to make. */
export async function missingRoles(session: Session): Promise<Finding[]> {
  const { there } = await session.one<{ there: number }>(
    `select count(*) as there from pg_roles where rolname in ('pgq_reader', 'pgq_writer', 'pgq_admin')`,
  );
  if (there === 3) return [];
  return [
    note(
      'roles',
      'pgq_reader, pgq_writer and pgq_admin are not all there: rights can only be granted one by one',
      `as a role with CREATEROLE:
create role pgq_reader nologin; create role pgq_writer nologin;
create role pgq_admin nologin in role pgq_reader, pgq_writer;
then, as the owner of schema pgq: psql -f sql/pgq/install.sql`,
    ),
  ];
}
