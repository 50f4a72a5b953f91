/** Stories that meet, for certain, what random ones meet sooner or later. */
import type { TableSpec } from './spec.js';
import { guestSession, type Step, type Story } from './story.js';

const plain: TableSpec = {
  schema: 'public',
  name: 't',
  form: 'one column',
  keyKinds: ['int', 'text'],
  extras: [],
  generated: 'none',
  seat: 'none',
  triggers: [],
  firesFirst: false,
  child: 'none',
  isProbed: true,
  capture: 'statement',
  filter: 'none',
  hides: 'nothing',
  isDirect: false,
  isSplitHere: false,
};

type Of<Does> = Extract<Exclude<Step, string>, { does: Does }>;

const at = { a: 1, b: 2, s: 0 };
const write = (by: number, what: Of<'write'>['what'], more: Partial<Of<'write'>> = {}): Step => ({
  ...at,
  does: 'write',
  nr: 0,
  by,
  what,
  ...more,
});
const alter = (by: number, what: Of<'alter'>['what'], more: Partial<Of<'alter'>> = {}): Step => ({
  ...at,
  does: 'alter',
  nr: 0,
  by,
  what,
  ...more,
});
const does = (
  by: number,
  what: 'commit' | 'rollback' | 'prepare' | 'savepoint' | 'rollback to' | 'finish prepared',
): Step => ({
  ...at,
  by,
  does: what,
});
const begin = (by: number, isolation: Of<'begin'>['isolation'] = 'read committed'): Step => ({
  ...at,
  by,
  does: 'begin',
  isolation,
});

/** Protocols 1.2: one session writes a key again that another deletes, and either commits first. */
const rewritten = (nr: number, first: number, second: number): readonly Step[] => [
  begin(0),
  begin(1),
  write(1, 'insert', { nr, a: 1, b: 1 }),
  write(0, 'delete', { nr, a: 1, b: 1 }),
  does(first, 'commit'),
  does(second, 'commit'),
];

const deferrable: TableSpec = { ...plain, form: 'deferrable key' };

const bothOrders: Story = {
  tables: [deferrable, deferrable],
  follows: 'at once',
  steps: [...rewritten(0, 0, 1), ...rewritten(1, 1, 0)],
};

const moments: Story = {
  tables: [{ ...plain, triggers: ['writes others, by row'], generated: 'virtual' }],
  follows: 'when parked',
  steps: [
    begin(0),
    write(0, 'update one'),
    does(0, 'savepoint'),
    alter(0, 'add'),
    does(0, 'rollback to'),
    does(0, 'prepare'),
    write(1, 'update one'),
    write(2, 'update one'),
    does(2, 'finish prepared'),
    // Each waits for the other.
    begin(0),
    begin(1),
    write(0, 'lock', { a: 2, b: 2 }),
    write(1, 'lock', { a: 4, b: 4 }),
    write(0, 'lock', { a: 4, b: 4 }),
    write(1, 'lock', { a: 2, b: 2 }),
    does(0, 'rollback'),
    begin(2, 'repeatable read'),
    write(2, 'constraints at once'),
    write(2, 'lock', { a: 3, b: 3 }),
    write(0, 'update range'),
    write(2, 'update range'),
    'tick',
    begin(0),
    write(0, 'update range'),
    alter(0, 'rename'),
    write(0, 'move'),
    does(0, 'commit'),
    'tick',
    'make captures anew',
    write(0, 'copy'),
    alter(0, 'add', { s: 1 }),
    write(0, 'upsert'),
    write(1, 'function in SET', { a: 4, b: 4 }),
    alter(2, 'key'),
    write(2, 'update range'),
  ],
};

/** A few statements of every kind on a table, its captures made anew in between. */
const writes = (nr: number): readonly Step[] => [
  ...(['insert', 'update range', 'move', 'delete range'] as const).map((what) =>
    write(0, what, { nr, a: 4, b: 4 }),
  ),
  begin(0),
  write(0, 'copy', { nr, a: 0, b: 0 }),
  does(0, 'savepoint'),
  write(0, 'update of nothing', { nr }),
  write(0, 'truncate', { nr, a: 1, b: 1 }),
  does(0, 'rollback to'),
  write(0, 'update range', { nr, a: 0, b: 0 }),
  does(0, 'commit'),
  'tick',
  alter(1, 'add', { nr }),
  write(1, 'update range', { nr, a: 2 }),
  'make captures anew',
  write(2, 'block', { nr, a: 5, b: 5 }),
  write(2, 'function in SET', { nr, a: 5, b: 5 }),
  write(guestSession, 'insert', { nr, a: 6, b: 6 }),
  write(guestSession, 'update range', { nr, a: 6, b: 6 }),
  write(guestSession, 'function in SET', { nr, a: 6, b: 6 }),
];

/** The table is dropped before anything of it is delivered, in one transaction with what changes and writes it last. */
const dropped = (nr: number): readonly Step[] => [
  write(0, 'update range', { nr }),
  begin(1),
  write(1, 'insert', { nr, a: 7, b: 7 }),
  alter(1, 'add', { nr }),
  write(1, 'update range', { nr, a: 0 }),
  alter(1, 'table', { nr }),
  does(1, 'savepoint'),
  alter(1, 'goes', { nr }),
  does(1, 'rollback to'),
  write(1, 'move', { nr, a: 2, b: 2 }),
  alter(1, 'goes', { nr }),
  write(0, 'insert', { nr, a: 9, b: 9 }),
  does(1, 'commit'),
];

const throughPartitions = (nr: number): readonly Step[] => [
  write(0, 'insert', { nr, a: 1, b: 5 }),
  write(1, 'truncate', { nr, a: 2, b: 2 }),
  write(1, 'detach', { nr, a: 0, s: 0 }),
  'make captures anew',
  'tick',
  write(1, 'attach', { nr, a: 0, s: nr }),
  write(2, 'move', { nr, a: 1, b: 3 }),
  'make captures anew',
  write(2, 'move', { nr, a: 3, b: 4 }),
  write(1, 'detach', { nr, a: 0, s: 4 }),
  'make captures anew',
];

const played = (
  specs: readonly Partial<TableSpec>[],
  more: (nr: number) => readonly Step[] = () => [],
): Story => ({
  tables: specs.map((spec) => ({ ...plain, ...spec })),
  follows: 'at once',
  steps: specs.flatMap((_, nr) => [...writes(nr), ...more(nr)]),
});

export const examples: readonly Story[] = [
  bothOrders,
  moments,
  played([
    { form: 'whole rows', filter: 'even', extras: [{ name: 't', kind: 'hstore', refusesNull: false }] },
    { form: 'rows only come', capture: 'row' },
  ]),
  played([
    { form: 'rows should only come', filter: 'null, or two columns' },
    { form: 'tree', hides: 'some rows' },
  ]),
  played(
    [
      { form: 'partitioned', isDirect: true, filter: 'even' },
      { form: 'partitioned, whole rows', isDirect: true, isSplitHere: true, hides: 'some rows' },
    ],
    throughPartitions,
  ),
  {
    ...played([{ child: 'on delete cascade on update cascade' }, { capture: 'row', form: 'tree' }], dropped),
    follows: 'when parked',
  },
];
