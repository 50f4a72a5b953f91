/** What went on at the same moments: of things that several sessions do, which were under way at once, and how often. */

interface Doing {
  readonly kind: string;
  readonly beside: Set<Doing>;
  /** Known once it has ended: whether it did anything. */
  isReal: boolean | undefined;
}

export class Overlaps {
  readonly #kinds: readonly string[];
  readonly #counts = new Map<string, number>();
  readonly #underWay = new Set<Doing>();

  /** All that is counted; each of them may be under way twice at once. */
  constructor(kinds: readonly string[]) {
    this.#kinds = kinds;
  }

  /** Does something of a kind; `isReal` tells of its result whether it counts. What throws does not. */
  async during<T>(
    kind: string,
    work: () => Promise<T>,
    isReal: (result: T) => boolean = () => true,
  ): Promise<T> {
    const doing: Doing = { kind, beside: new Set(this.#underWay), isReal: undefined };
    for (const other of this.#underWay) other.beside.add(doing);
    this.#underWay.add(doing);
    doing.isReal = false;
    let counts = false;
    try {
      const result = await work();
      counts = isReal(result);
      return result;
    } finally {
      this.#underWay.delete(doing);
      doing.isReal = counts;
      if (counts) for (const other of doing.beside) if (other.isReal === true) this.#count(kind, other.kind);
    }
  }

  /** How often two of each pair were under way at once, those that never were too. */
  get counts(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [n, a] of this.#kinds.entries())
      for (const b of this.#kinds.slice(n)) all[nameOf(a, b)] = this.#counts.get(nameOf(a, b)) ?? 0;
    return all;
  }

  #count(a: string, b: string): void {
    const name = nameOf(a, b);
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

/** One name for both orders. */
function nameOf(a: string, b: string): string {
  return [a, b].sort().join(' + ');
}
