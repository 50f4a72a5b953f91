/** What one session's transaction has done to the tables, so that what is rolled back is as if it had never been. */
import { changed, type Change } from './changes.js';
import type { Run } from './side.js';
import type { Isolation } from './story.js';
import type { Table } from './table.js';

/** A change of the table of that number. */
export interface Made {
  readonly nr: number;
  readonly change: Change;
}

/** A statement that runs on both sides. */
export interface Pending {
  readonly text: string;
  readonly runs: readonly Run[];
  /** Whether it ends the transaction, whatever becomes of it. */
  readonly ends: boolean;
  readonly then: () => Promise<void> | void;
}

interface Mark {
  readonly made: readonly Made[];
  readonly hasWritten: boolean;
}

export class Lane {
  isOpen = false;
  hasWritten = false;
  waiting: Pending | undefined;
  #made: readonly Made[] = [];
  #mark: Mark | undefined;
  /** Of the open transaction; a statement by itself is read committed. */
  #isolation: Isolation = 'read committed';

  get isSerializable(): boolean {
    return this.#isolation === 'serializable';
  }

  /** Whether a statement sees all that has been committed when it begins. */
  get seesLatest(): boolean {
    return this.#isolation === 'read committed';
  }

  get made(): readonly Made[] {
    return this.#made;
  }

  get hasSavepoint(): boolean {
    return this.#mark !== undefined;
  }

  begin(isolation: Isolation): void {
    this.isOpen = true;
    this.#isolation = isolation;
  }

  end(): readonly Made[] {
    const made = this.#made;
    this.isOpen = false;
    this.#isolation = 'read committed';
    this.hasWritten = false;
    this.#made = [];
    this.#mark = undefined;
    return made;
  }

  make(one: Made): void {
    this.#made = [...this.#made, one];
  }

  setSavepoint(): void {
    this.#mark = { made: this.#made, hasWritten: this.hasWritten };
  }

  /** Returns how many changes are gone. */
  backToSavepoint(): number {
    const gone = this.#made.length - (this.#mark?.made.length ?? 0);
    if (this.#mark) this.#made = this.#mark.made;
    return gone;
  }

  releaseSavepoint(): void {
    this.#mark = undefined;
  }

  /** The table as this session sees it. */
  sees(committed: Table): Table {
    return this.#made
      .filter(({ nr }) => nr === committed.nr)
      .reduce((table, { change }) => changed(table, change), committed);
  }
}
