/** Names for prepared statements: the least recently used one makes room for another. */
export class PreparedNames {
  readonly #most: number;
  readonly #names = new Map<string, string>();
  #made = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#names.clear();
  }

  /** The name of a statement, and that of one which has to be forgotten for it. */
  take(text: string): { name: string; evicted: string | undefined } {
    const known = this.#names.get(text);
    this.#names.delete(text);
    const name = known ?? `londiste_${(this.#made += 1)}`;
    // Put in anew: a map keeps the order in which its entries came.
    this.#names.set(text, name);
    const [oldest] = this.#names.size > this.#most ? this.#names : [];
    if (oldest !== undefined) this.#names.delete(oldest[0]);
    return { name, evicted: oldest?.[1] };
  }
}
