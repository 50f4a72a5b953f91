import type { Session } from '../db/session.js';
import type { TableFile } from '../table/ranges.js';

/** The files that a table's rows lie in; none where there is no such table. The caller has locked the table. */
export async function tableFiles(session: Session, table: string): Promise<TableFile[]> {
  return session.query<TableFile>(
    'select relation, filenode, blocks, bytes from londiste.table_files($1) where to_regclass($1) is not null',
    [table],
  );
}
