/** What the actors of a random story may do: producers, stewards of the queue, and consumers. */
import fc from 'fast-check';

export const producers = 3;
export const stewards = 2;

/** Which consumer each worker is: the last two are at one consumer's batches, each for itself. */
export const workers = [0, 1, 1] as const;

/** How a transaction or a batch ends; `die` cuts the connection before, `die committing` while the commit is on its way. */
export type ProducerStep =
  | { act: 'write'; n: number }
  | {
      act: 'savepoint' | 'take back' | 'end' | 'roll back' | 'begin old' | 'die' | 'die committing';
    };
export type StewardStep = 'tick' | 'rotate' | 'return retries';
export interface WorkerStep {
  end: 'finish' | 'crash' | 'crash unfinished' | 'die committing';
  /** Of eight events so many are put aside, at most twice each. */
  retries: number;
}

/** The actors of a round do their steps at the same time, each one its own after one another. */
export interface Round {
  /** Before it, what was written is committed and every consumer brought up to there, so that rotation can go on. */
  isCalm: boolean;
  producers: ProducerStep[][];
  stewards: StewardStep[][];
  workers: WorkerStep[][];
}

const producerStep: fc.Arbitrary<ProducerStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constant('write' as const), n: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom(
        'savepoint',
        'savepoint',
        'take back',
        'end',
        'end',
        'end',
        'roll back',
        'begin old',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('die', 'die committing') }) },
);

const stewardStep = fc.constantFrom<StewardStep[]>('tick', 'tick', 'rotate', 'return retries');

const workerStep: fc.Arbitrary<WorkerStep> = fc.record({
  end: fc.constantFrom<WorkerStep['end'][]>(
    'finish',
    'finish',
    'finish',
    'crash',
    'crash unfinished',
    'die committing',
  ),
  retries: fc.nat(7),
});

function each<T>(count: number, one: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[][]> {
  return fc.array(fc.array(one, { maxLength }), { minLength: count, maxLength: count });
}

export const rounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({
    isCalm: fc.nat(2).map((n) => n === 0),
    producers: each(producers, producerStep, 7),
    stewards: each(stewards, stewardStep, 5),
    workers: each(workers.length, workerStep, 4),
  }),
  { minLength: 3, maxLength: 8 },
);

const write = (n: number): ProducerStep => ({ act: 'write', n });
const finish: WorkerStep = { end: 'finish', retries: 0 };

const at = (steps: Partial<Round>): Round => ({
  isCalm: false,
  producers: [],
  stewards: [],
  workers: [],
  ...steps,
});
const commits = [1, 2, 3].flatMap((): ProducerStep[] => [write(1), { act: 'end' }]);
const aside: WorkerStep = { end: 'finish', retries: 7 };

const setAside = at({
  workers: [
    [{ end: 'crash', retries: 0 }, aside, aside, aside],
    [aside, aside],
    [aside, aside],
  ],
});

/** Every run begins with this: one of each way to end, much that is put aside, a transaction from before two rotations. */
export const example: Round[] = [
  at({
    producers: [
      [write(2), { act: 'savepoint' }, write(1), { act: 'take back' }, { act: 'end' }],
      [write(3), { act: 'roll back' }, write(3), { act: 'end' }],
      [{ act: 'begin old' }],
    ],
    stewards: [
      ['tick', 'tick', 'tick'],
      ['tick', 'return retries', 'tick'],
    ],
    workers: [
      [
        { end: 'crash', retries: 1 },
        { end: 'crash unfinished', retries: 0 },
      ],
      [aside],
      [finish, finish],
    ],
  }),
  at({
    isCalm: true,
    producers: [
      [write(4), { act: 'end' }, write(4), { act: 'die' }, write(20), { act: 'end' }],
      [write(1), { act: 'die committing' }, write(20), { act: 'end' }],
    ],
    stewards: [['rotate'], ['tick', 'return retries']],
    workers: [[{ end: 'die committing', retries: 0 }], [finish], [finish]],
  }),
  at({ producers: [commits, commits], stewards: [['tick'], ['tick', 'tick']] }),
  setAside,
  at({ stewards: [['return retries'], ['return retries']] }),
  at({ stewards: [['tick']] }),
  setAside,
  at({
    isCalm: true,
    producers: [commits, commits],
    stewards: [
      ['return retries', 'rotate', 'tick'],
      ['rotate', 'tick', 'return retries', 'tick'],
    ],
    workers: [
      [finish, finish, finish],
      [finish, finish, finish],
      [finish, finish],
    ],
  }),
  at({ isCalm: true, stewards: [['rotate'], ['rotate']] }),
  at({
    isCalm: true,
    producers: [[write(1)], commits, [write(2), { act: 'end' }]],
    stewards: [
      ['tick', 'rotate'],
      ['tick', 'tick'],
    ],
    workers: [[finish], [finish], [finish]],
  }),
];
