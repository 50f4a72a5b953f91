/** What is left to do once all tests of a file are done. */
import { afterAll } from 'vitest';

const works: (() => unknown)[] = [];

/**
 * Done when the tests of this file are, the last one first, each whatever became of the others; what fails makes the file
 * fail. A hook or a test may ask for it as well: from within these, `afterAll` itself is not heard, and says nothing.
 */
export function atEndOfFile(work: () => unknown): void {
  works.push(work);
}

afterAll(async () => {
  const failures: unknown[] = [];
  for (const work of works.reverse()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}, 120_000);
