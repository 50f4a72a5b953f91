/** The tables of a provider's set that a random table stands for, and how they get there. */
import { addProviderTables } from '../../src/setup/provider.js';
import type { AddTables } from '../support/hand-ticks.js';
import type { Moment } from './counts.js';
import { filterOf } from './filter.js';
import { hasHeir, part } from './parts.js';
import { child, hasChild, qualified, type Table } from './table.js';

/** Names as SQL has them, the table's own first. */
export const members = (table: Table): string[] => [
  qualified(table),
  ...(hasChild(table) ? [child(table)] : []),
  ...(hasHeir(table) ? [qualified(part(table, 'heir'))] : []),
];

/** Each as its table was drawn; what belongs to it in the other form where either will do. */
export const addDrawn =
  (tables: readonly Table[]): AddTables =>
  async (session, queue) => {
    for (const table of tables) {
      const { form, spec } = table;
      const [name = '', ...more] = members(table);
      const where = filterOf(spec);
      await addProviderTables(session, queue, [name], {
        ...(form.parts === undefined && { capture: spec.capture }),
        ...(form.identity !== undefined && { identity: form.identity }),
        ...(where !== undefined && { where }),
      });
      if (more.length > 0)
        await addProviderTables(session, queue, more, {
          ...(form.parts === undefined && { capture: spec.capture === 'row' ? 'statement' : 'row' }),
        });
    }
    return tables.flatMap(members);
  };

/** What the table may be parked for although nobody has altered it: no trigger can tell what has become of its rows. */
export function mayPark({ form }: Table, error = ''): Moment | undefined {
  if (form.isMisused && error.includes('that was added with --insert-only'))
    return 'rows were taken that should only come';
  if (form.parts === 'partitions' && error.includes('which no trigger sees'))
    return 'partitions came or went with rows';
  return undefined;
}
