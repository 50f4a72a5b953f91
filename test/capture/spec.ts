/** What is drawn of a random table; plain data, so that a failing one can be printed. */
import fc from 'fast-check';
import { triggerNames } from './app-triggers.js';
import { filterNames } from './filter.js';
import { formNames } from './forms.js';
import { keyKinds, payloadKinds } from './values.js';

const schemas = ['public', 'Odd Schema', 'dot.ted', `quo"te's`, 'londiste2'] as const;
const tableNames = ['t', 'Capital', 'with space', 'a.b', `q"uo'te`, 'newtab', 'ünï', 'w'.repeat(63)] as const;
/** Some are names that capture functions use themselves. */
const columnNames = [
  't',
  'o',
  'k',
  'newtab',
  'cur',
  'names',
  'Capital',
  'dot.ted',
  `q"uo'te`,
  'x'.repeat(63),
] as const;

const references = [
  'none',
  'none',
  'on delete cascade on update cascade',
  'on delete set null on update cascade',
  'on delete set default on update set null',
  'deferrable initially deferred',
] as const;

export const tableSpec = fc.record({
  schema: fc.constantFrom(...schemas),
  name: fc.constantFrom(...tableNames),
  form: fc.constantFrom(...formNames),
  keyKinds: fc.tuple(fc.constantFrom(...keyKinds), fc.constantFrom(...keyKinds)),
  extras: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...columnNames),
      kind: fc.constantFrom(...payloadKinds),
      refusesNull: fc.boolean(),
    }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
  /** A generated column; virtual where the server can. */
  generated: fc.constantFrom('none', 'stored', 'virtual'),
  /** A unique index besides the key, checked at the end of the statement or of the transaction. */
  seat: fc.constantFrom('none', 'none', 'immediate', 'deferred'),
  triggers: fc.uniqueArray(fc.constantFrom(...triggerNames), { maxLength: 2 }),
  /** Whether they fire before the capture triggers, which go by name. */
  firesFirst: fc.boolean(),
  child: fc.constantFrom(...references),
  isProbed: fc.boolean(),
  /** How it is captured where either will do. */
  capture: fc.constantFrom('statement', 'row'),
  filter: fc.constantFrom('none', 'none', ...filterNames),
  /** Whether row security hides some rows from a role that does not own the table. */
  hides: fc.constantFrom('nothing', 'nothing', 'some rows'),
  /** Whether statements name partitions too. */
  isDirect: fc.boolean(),
  /** Whether a partitioned table is one on the subscriber, too. */
  isSplitHere: fc.boolean(),
});

export type TableSpec = typeof tableSpec extends fc.Arbitrary<infer T> ? T : never;
