import type { Session } from '../../../../src/db/session.js';
import type { Case } from './cases.js';

/** What one statement did: the events it put in, or what it was refused with. */
export type Outcome = readonly (string | null)[][] | { readonly error: string };

/** Plays a case in a database that has queue `q`; what it makes is rolled back at the end. Returns what each statement did. */
export async function play(session: Session, { setup, statements }: Case, fn: string): Promise<Outcome[]> {
  const put = (sql: string): string => sql.replaceAll('%f', fn);
  const outcomes: Outcome[] = [];
  await session.execute(put(setup));
  let last = await lastEvent(session);
  for (const statement of statements) {
    try {
      await session.execute(`begin; ${put(statement)}; set constraints all immediate; commit`);
      const { after, events } = await eventsSince(session, last);
      outcomes.push(events);
      last = after;
    } catch (error) {
      await session.execute('rollback');
      outcomes.push({
        error: error instanceof Error ? error.message.replace(/^.* at [0-9.]+:[0-9]+: /, '') : String(error),
      });
    }
  }
  await session.execute(`drop table if exists t, "Odd ""T.b" cascade; drop schema if exists "S-1", other cascade;
    drop type if exists mood, pair, posint, stamp; drop collation if exists ci`);
  return outcomes;
}

async function lastEvent(session: Session): Promise<string> {
  const { id } = await session.one<{ id: string }>(
    `select coalesce(max(ev_id), 0)::text as id from pgq.event_template`,
  );
  return id;
}

async function eventsSince(
  session: Session,
  last: string,
): Promise<{ after: string; events: (string | null)[][] }> {
  const rows = await session.query<{ id: string; fields: (string | null)[] }>(
    `select ev_id::text as id, array[ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4] as fields
       from pgq.event_template where ev_id > $1 order by ev_id`,
    [last],
  );
  return { after: rows.at(-1)?.id ?? last, events: rows.map(({ fields }) => fields) };
}
