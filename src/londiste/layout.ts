import type { Session } from '../db/session.js';
import { LondisteError } from '../kernel/errors.js';
import type { Layout } from '../event/layout.js';

/** The layouts of a provider, each read once: what an id stands for never changes. */
export class Layouts {
  readonly #known = new Map<string, Layout>();

  /** A layout that was read before. */
  known(id: string): Layout | undefined {
    return this.#known.get(id);
  }

  async get(session: Session, id: string): Promise<Layout> {
    const known = this.#known.get(id);
    if (known) return known;
    const [row] = await session.query<{ columns: string[]; key: string[] | null }>(
      'select columns, key from londiste.layout where layout_id = $1 limit 1',
      [id],
    );
    if (!row)
      throw new LondisteError(
        'schema',
        `${session.where}: an event has the layout ${id}, which is not known there`,
      );
    const layout = { id, columns: row.columns, key: row.key ?? undefined };
    this.#known.set(id, layout);
    return layout;
  }
}
