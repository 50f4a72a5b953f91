import { fieldText } from './copy-text.js';

/** What an event says beside its row: the same for thousands of events, so each spelling of it is read once. */
export interface EventHeader {
  readonly type: string | null;
  /** ev_extra1: the table's name in the set. */
  readonly table: string | null;
  /** ev_extra2: the id of the layout that the row has. */
  readonly layoutId: string | null;
  /** ev_extra3: flags, a list with commas. */
  readonly flags: string | null;
}

/** Where the row or key of an event lies. */
export interface EventData {
  readonly lines: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The columns of an event in the order in which its line has them: what differs in each first and last. */
export const eventColumns = 'ev_id, ev_type, ev_extra1, ev_extra2, ev_extra3, ev_data';

const tab = 0x09;
const newline = 0x0a;
const tabsInHeader = 4;

/** Reads events from lines of COPY, in place: nothing of a row is looked at or copied. */
export class EventLines {
  readonly #headers = new Map<string, EventHeader>();
  #lines: Buffer = Buffer.alloc(0);
  #next = 0;
  #begin = 0;

  header: EventHeader = { type: null, table: null, layoutId: null, flags: null };
  /** The buffer that holds the row, and where it lies there; `\N` for none. */
  start = 0;
  end = 0;

  /** The lines to read from now on. */
  open(lines: Buffer): void {
    this.#lines = lines;
    this.#next = 0;
  }

  get lines(): Buffer {
    return this.#lines;
  }

  /** The event's id. */
  get id(): string {
    return this.#lines.toString('latin1', this.#begin, this.#lines.indexOf(tab, this.#begin));
  }

  /** Whether the event has a row, or a key. */
  get hasData(): boolean {
    return !(
      this.end - this.start === 2 &&
      this.#lines[this.start] === 0x5c &&
      this.#lines[this.start + 1] === 0x4e
    );
  }

  /** Goes to the next event; false when there is none in these lines. */
  next(): boolean {
    const lines = this.#lines;
    this.#begin = this.#next;
    if (this.#begin >= lines.length) return false;
    const afterId = this.#after(tab, this.#begin);
    let start = afterId;
    for (let n = 0; n < tabsInHeader; n += 1) start = this.#after(tab, start);
    this.start = start;
    this.end = lines.indexOf(newline, start);
    if (this.end === -1) throw new Error('an event has no line end');
    this.#next = this.end + 1;
    this.header = this.#headerOf(lines.toString('latin1', afterId, start - 1));
    return true;
  }

  /** The position behind the next `byte`. Fields here are short, so looking at each byte beats a call. */
  #after(byte: number, from: number): number {
    const lines = this.#lines;
    for (let at = from; at < lines.length; at += 1) if (lines[at] === byte) return at + 1;
    throw new Error('an event has too few columns');
  }

  #headerOf(text: string): EventHeader {
    const known = this.#headers.get(text);
    if (known) return known;
    const [type = null, table = null, layoutId = null, flags = null] = text
      .split('\t')
      .map((field) => (field === '\\N' ? null : fieldText(Buffer.from(field, 'latin1'))));
    const header = { type, table, layoutId, flags };
    // Whoever writes events by hand may make each one another's type: those are not worth keeping.
    if (this.#headers.size >= mostHeaders) this.#headers.clear();
    this.#headers.set(text, header);
    return header;
  }
}

const mostHeaders = 50_000;
