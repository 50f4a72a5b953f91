/**
 * Runs all at once and waits for all of them. When one fails `giveUp` is called, once, so that the others end too; that first
 * failure is thrown, not what followed from it.
 */
export async function together(
  tasks: readonly (() => Promise<void>)[],
  giveUp: () => void = () => undefined,
): Promise<void> {
  let first: { readonly failure: unknown } | undefined;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task();
      } catch (failure) {
        if (first) return;
        first = { failure };
        giveUp();
      }
    }),
  );
  if (first) throw first.failure;
}
