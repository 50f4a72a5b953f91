/** A row that is on the provider only, on the subscriber only, or on both with other values; `copies` where there is no key. */
export type FindingKind = 'missing' | 'extra' | 'different';

export interface Finding {
  readonly kind: FindingKind;
  /** The key's values as a record, `(17,"two words")`; in a table without a key the whole row. */
  readonly key: string;
  /** How many rows it is about: only in a table without a key more than one. */
  readonly copies: number;
}

/** What has been found in a table so far. */
export class Findings {
  missing = 0;
  extra = 0;
  different = 0;
  /** The first of them. */
  readonly first: Finding[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get total(): number {
    return this.missing + this.extra + this.different;
  }

  add(finding: Finding): void {
    this[finding.kind] += finding.copies;
    if (this.first.length < this.#most) this.first.push(finding);
  }
}

/** What a side says of a key: equal texts, equal rows. */
export type States = ReadonlyMap<string, string>;

/** What differs between the two sides of the same keys. `isBag` when states are counts of equal rows. */
export function differences(there: States, here: States, isBag: boolean): Finding[] {
  const found: Finding[] = [];
  for (const [key, state] of there) {
    const other = here.get(key);
    if (other === state) continue;
    if (isBag) found.push(ofCounts(key, Number(state) - Number(other ?? 0)));
    else found.push({ kind: other === undefined ? 'missing' : 'different', key, copies: 1 });
  }
  for (const [key, state] of here) {
    if (there.has(key)) continue;
    found.push(isBag ? ofCounts(key, -Number(state)) : { kind: 'extra', key, copies: 1 });
  }
  return found;
}

function ofCounts(key: string, more: number): Finding {
  return { kind: more > 0 ? 'missing' : 'extra', key, copies: Math.abs(more) };
}
