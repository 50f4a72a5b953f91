/** Random tests that run for a time, whatever the machine makes of it, and whose failures can be run again. */
import fc from 'fast-check';

/** LONDISTE_TEST_LONG=1: for as long as it takes to believe it. */
export const isLong = process.env['LONDISTE_TEST_LONG'] === '1';

/** What LONDISTE_TEST_SEED asks for, as a failure printed it; `path` names one story of the seed's. */
const [asked, path] = process.env['LONDISTE_TEST_SEED']?.split('/') ?? [];

/** Another each time, or the one that is asked for. */
export const seed = asked === undefined ? Date.now() % 1_000_000_000 : Number(asked);

/** For tests that are run in several ways: each has stories of its own, unless one seed is asked for. */
export const seedOf = (way: number): number => (asked === undefined ? seed + way : seed);

/** Whether one story is asked for, which need not meet everything. */
export const isReplay = path !== undefined;

/** Numbers below what is asked for: the same ones for a seed, so that a failing one can be run again. */
export function randomFrom(from: number): (below: number) => number {
  let state = from * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state % below;
  };
}

/**
 * Plays the examples, however long they take, then stories until the time is over, or `most` of them, and makes one that
 * fails smaller. Throws what to type to run it again.
 */
export async function playStories<T>(
  story: fc.Arbitrary<T>,
  play: (one: T) => Promise<void>,
  {
    examples,
    budgetMs,
    most = 1_000_000,
    seed: from = seed,
  }: { examples: readonly T[]; budgetMs: number; most?: number; seed?: number },
): Promise<void> {
  const end = Date.now() + budgetMs;
  if (path === undefined)
    for (const [n, one] of examples.entries())
      await play(one).catch((error: unknown) => {
        throw new Error(`example ${n}, which any seed begins with\n${JSON.stringify(one)}`, { cause: error });
      });
  let played = 0;
  let hasFailed = false;
  let last: Promise<void> = Promise.resolve();
  const result = await fc.check(
    fc.asyncProperty(story, (one) => {
      played += 1;
      last = play(one).catch((error: unknown) => {
        // At once: making it smaller takes minutes, and may find something else.
        if (!hasFailed)
          console.log(`story ${played} of seed ${from} failed: ${String(error).slice(0, 5_000)}`);
        hasFailed = true;
        throw error;
      });
      return last;
    }),
    {
      seed: from,
      ...(path === undefined ? {} : { path }),
      numRuns: path === undefined ? most : 1,
      interruptAfterTimeLimit: Math.max(1, end - Date.now()),
    },
  );
  // The time was over in the middle of a story, which counts all the same.
  const late: unknown = await last.then(
    () => undefined,
    (error: unknown) => error,
  );
  // Nor is it a failure that the time was over before the first one had ended.
  const failed = result.failed && !(result.interrupted && result.counterexample === null);
  if (!failed && late === undefined) return;
  if (!failed)
    throw new Error(`run it again: LONDISTE_TEST_SEED=${from}/${path ?? played - 1}`, { cause: late });
  throw new Error(
    `run it again: LONDISTE_TEST_SEED=${result.seed}/${result.counterexamplePath ?? ''}\n${JSON.stringify(result.counterexample)}`,
    { cause: result.errorInstance },
  );
}
