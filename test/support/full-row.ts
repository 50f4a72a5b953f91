import type { Session } from '../../src/db/session.js';
import type { Form } from './capture-form.js';
import { providerAddTable } from '../../src/londiste/provider.js';

/**
 * Puts a table of schema public into the set without a key: every row that is written or goes is an event with the whole
 * row. Once more after an ALTER: capture is made anew for what the table is then.
 */
export async function addFullRow(
  session: Session,
  queue: string,
  table: string,
  capture: Form = 'statement',
): Promise<void> {
  if (!(await providerAddTable(session, queue, table, { identity: 'full', capture })))
    await session.query('select londiste.refresh_captures()');
}
