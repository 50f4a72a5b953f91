import type { Session } from '../../src/db/session.js';
import { fieldValue, splitRecord } from '../../src/event/record.js';
import { createDatabase, open, type Which } from './databases.js';

/** The queue of every provider that `createProvider` makes. */
export const queue = 'q';

/** A new database with both schemas and a queue, as its owner. */
export async function createProvider(which: Which): Promise<Awaited<ReturnType<typeof createDatabase>>> {
  const settings = await createDatabase(which, { installed: 'provider' });
  await using session = await open(settings);
  await session.query('select pgq.create_queue($1)', [queue]);
  return settings;
}

export interface CapturedEvent {
  readonly ev_id: number;
  readonly ev_type: string;
  readonly ev_data: string | null;
  readonly ev_extra1: string;
  readonly ev_extra2: string | null;
  readonly ev_extra3: string | null;
}

/** Values are compared as the capture functions write them, whatever the settings of the reading session are. */
const pinned = `set datestyle = iso; set timezone = 'UTC'; set intervalstyle = postgres; set extra_float_digits = 1;
  set bytea_output = hex; set lc_monetary = 'C'; set search_path = pg_catalog; set row_security = off`;

export async function openReader(settings: Parameters<typeof open>[0]): Promise<Session> {
  const session = await open(settings, 'reader');
  await session.execute(pinned);
  return session;
}

/** Every event of the queue so far, of all its tables or of one, in the order of their ids. */
export function allEvents(session: Session, table?: string): Promise<CapturedEvent[]> {
  return session.query<CapturedEvent>(
    `select ev_id, ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3 from pgq.event_1
      where $1::text is null or ev_extra1 = $1 order by ev_id`,
    [table ?? null],
  );
}

/** A row by the names of its columns. */
export type NamedRow = Readonly<Record<string, string | null>>;

interface Layout {
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
}

/**
 * What a subscriber would hold of one table: replays its events in the order of their ids, the last one of a key wins. It
 * reads nothing but events and layouts, so that what it holds is what capture has written down.
 */
export class Replica {
  readonly #rows = new Map<string, NamedRow>();
  readonly #layouts = new Map<string, Layout>();
  readonly #table: string;
  readonly #key: readonly string[];

  constructor(table: string, key: readonly string[]) {
    this.#table = table;
    this.#key = key;
  }

  async apply(session: Session, events: readonly CapturedEvent[]): Promise<void> {
    for (const event of events) {
      if (event.ev_extra1 === this.#table) await this.#applyOne(session, event);
    }
  }

  async #applyOne(session: Session, event: CapturedEvent): Promise<void> {
    if (event.ev_type === 'truncate') {
      this.#rows.clear();
      return;
    }
    const layout = await this.#layout(session, event.ev_extra2 ?? '');
    const values = splitRecord(event.ev_data ?? '').map(fieldValue);
    const isWhole = event.ev_type !== 'gone' || (event.ev_extra3 ?? '').split(',').includes('old-row');
    const names = isWhole ? layout.columns : (layout.key ?? []);
    if (names.length !== values.length) {
      throw new Error(`event ${event.ev_id} has ${values.length} values for the columns ${names.join(', ')}`);
    }
    const row = Object.fromEntries(names.map((name, n) => [name, values[n] ?? null]));
    if (event.ev_type === 'gone') this.#rows.delete(this.#keyOf(row));
    else this.#rows.set(this.#keyOf(row), row);
  }

  async #layout(session: Session, id: string): Promise<Layout> {
    const known = this.#layouts.get(id);
    if (known) return known;
    const [layout] = await session.query<Layout>(
      'select columns, key from londiste.layout where layout_id = $1 limit 1',
      [id],
    );
    if (!layout) throw new Error(`no layout ${id}`);
    this.#layouts.set(id, layout);
    return layout;
  }

  #keyOf(row: NamedRow): string {
    return JSON.stringify(this.#key.map((name) => row[name]));
  }

  /** The rows, in an order that depends on their keys alone. */
  get rows(): NamedRow[] {
    return sorted([...this.#rows].map(([key, row]) => ({ key, row })));
  }

  /** The rows of the table itself, in the same form. */
  async rowsOfTable(session: Session): Promise<NamedRow[]> {
    const columns = await session.query<{ name: string }>(
      `select attname as name from pg_catalog.pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
      [this.#table],
    );
    const records = await session.query<{ record: string }>(
      `select (t.*)::text as record from only ${this.#table} t`,
    );
    return sorted(
      records.map(({ record }) => {
        const values = splitRecord(record).map(fieldValue);
        const row = Object.fromEntries(columns.map(({ name }, n) => [name, values[n] ?? null]));
        return { key: this.#keyOf(row), row };
      }),
    );
  }
}

function sorted(rows: { key: string; row: NamedRow }[]): NamedRow[] {
  return rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ row }) => row);
}
