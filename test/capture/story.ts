/** What happens to random tables, as plain data: steps of four sessions, one after the other. */
import fc from 'fast-check';
import { changeNames, type ChangeName } from './changes.js';
import { tableSpec } from './spec.js';
import { statementNames, type Parameters, type StatementName } from './statements.js';

/** All are the owner's but the last, which belongs to a role that may only write. */
export const sessions = 4;
export const guestSession = sessions - 1;

const isolations = ['read committed', 'read committed', 'repeatable read', 'serializable'] as const;

export type Isolation = (typeof isolations)[number];

/** A step of a session; one that waits for another does nothing until it goes on. */
type Deed = Parameters &
  (
    | { readonly does: 'begin'; readonly isolation: Isolation }
    | { readonly does: 'write'; readonly what: StatementName; readonly nr: number }
    | { readonly does: 'alter'; readonly what: ChangeName; readonly nr: number }
    | { readonly does: 'commit' | 'rollback' | 'prepare' | 'savepoint' | 'rollback to' | 'release' }
    | { readonly does: 'finish prepared' }
  );

export type Step = (Deed & { readonly by: number }) | 'tick' | 'make captures anew';

/** Few rows, so that sessions meet. */
const parameters = {
  by: fc.nat({ max: sessions - 1 }),
  a: fc.nat({ max: 7 }),
  b: fc.nat({ max: 7 }),
  s: fc.nat({ max: 4 }),
};
const ofOwner = { ...parameters, by: fc.nat({ max: guestSession - 1 }) };
const nr = fc.constantFrom(0, 0, 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      does: fc.constant('write' as const),
      what: fc.constantFrom(...statementNames),
      nr,
      ...parameters,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('begin' as const),
      isolation: fc.constantFrom(...isolations),
      ...parameters,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom('commit' as const, 'commit' as const, 'commit' as const, 'rollback' as const),
      ...parameters,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('prepare' as const, 'finish prepared' as const),
      ...ofOwner,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('savepoint' as const, 'rollback to' as const, 'release' as const),
      ...parameters,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('alter' as const),
      what: fc.constantFrom(...changeNames),
      nr,
      ...ofOwner,
    }),
  },
  { weight: 3, arbitrary: fc.constant('tick' as const) },
  { weight: 1, arbitrary: fc.constant('make captures anew' as const) },
);

export const story = fc.record({
  tables: fc.array(tableSpec, { minLength: 1, maxLength: 2 }),
  /** Whether the subscriber is altered as soon as the provider is, or when something has parked. */
  follows: fc.constantFrom('at once', 'when parked'),
  steps: fc.array(step, { minLength: 40, maxLength: 140, size: 'max' }),
});

export type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;
