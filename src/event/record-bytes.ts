/**
 * Rows as COPY writes a composite value: `(1,"two words",,"")` with COPY's escapes around it. Inside quotes a quote is
 * written twice and a backslash four times, and no quote is escaped by a backslash, so that field ends are found without
 * undoing anything.
 */
const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const open = 0x28;
const close = 0x29;
const tab = 0x09;
const newline = 0x0a;
const capitalN = 0x4e;

/** The bytes of a record between its parentheses. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the fields of a record lie; throws when it is none. */
export function insideRecord(bytes: Buffer, start: number, end: number): Span {
  if (end - start < 2 || bytes[start] !== open || bytes[end - 1] !== close)
    throw new Error('not a row: it must begin with ( and end with )');
  return { start: start + 1, end: end - 1 };
}

/** The position behind the field that begins at `start`: that of the next comma, or `end`. */
function endOfField(bytes: Buffer, start: number, end: number): number {
  let at = start;
  if (bytes[at] !== quote) {
    while (at < end && bytes[at] !== comma) at += 1;
    return at;
  }
  for (;;) {
    at += 1;
    while (at < end && bytes[at] !== quote) at += 1;
    if (at >= end) throw new Error('not a row: a quote is never closed');
    at += 1;
    if (at === end || bytes[at] === comma) return at;
    if (bytes[at] !== quote) throw new Error('not a row: something follows a closed quote');
  }
}

/**
 * Finds a key in records of one layout: the fields at `positions`, as they are written, with commas between, so that
 * each key has one spelling. A record is read no further than the last of them; one that is nothing but the key must end
 * there (`isWhole`).
 */
export class KeyReader {
  readonly #positions: readonly number[];
  readonly #last: number;
  readonly #isWhole: boolean;
  /** Where the key lies after `read`. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;

  constructor(positions: readonly number[], { isWhole }: { isWhole: boolean }) {
    this.#positions = positions;
    this.#last = Math.max(...positions);
    this.#isWhole = isWhole;
  }

  read(bytes: Buffer, span: Span): void {
    let at = span.start;
    if (this.#positions.length === 1) {
      for (let field = 0; field < this.#last; field += 1) at = nextField(bytes, at, span.end);
      this.bytes = bytes;
      this.start = at;
      this.end = endOfField(bytes, at, span.end);
      this.#checkEnd(this.end, span);
      return;
    }
    const picked = new Array<Buffer>(this.#positions.length);
    for (let field = 0; field <= this.#last; field += 1) {
      const wanted = this.#positions.indexOf(field);
      if (wanted !== -1) picked[wanted] = bytes.subarray(at, endOfField(bytes, at, span.end));
      if (field < this.#last) at = nextField(bytes, at, span.end);
      else this.#checkEnd(endOfField(bytes, at, span.end), span);
    }
    this.bytes = Buffer.concat(picked.flatMap((one, n) => (n === 0 ? [one] : [separator, one])));
    this.start = 0;
    this.end = this.bytes.length;
  }

  #checkEnd(at: number, { end }: Span): void {
    if (this.#isWhole && at !== end) throw new Error('a key has more fields than its layout');
  }
}

const separator = Buffer.from([comma]);

function nextField(bytes: Buffer, at: number, end: number): number {
  const after = endOfField(bytes, at, end);
  if (after >= end) throw new Error('a row has fewer fields than its layout');
  return after + 1;
}

/** The most bytes that a record of `length` bytes becomes as a line of COPY: a NULL grows by two. */
export function longestLine(length: number, fields: number): number {
  return length + 2 * fields + 1;
}

/**
 * Writes a record as a line of COPY into `out` at `to`, and returns the position behind it. Fields whose place in
 * `keep` is false are left out. `out` has room for `longestLine` bytes.
 */
export function recordToLine(
  bytes: Buffer,
  { start, end }: Span,
  { keep, out, to }: { keep: readonly boolean[]; out: Buffer; to: number },
): number {
  let at = start;
  let written = to;
  let isFirst = true;
  for (let field = 0; field < keep.length; field += 1) {
    const after = endOfField(bytes, at, end);
    if (keep[field] === true) {
      if (!isFirst) out[written++] = tab;
      isFirst = false;
      written = writeField(bytes, { start: at, end: after }, out, written);
    }
    if (field < keep.length - 1) {
      if (after >= end) throw new Error('a row has fewer fields than its layout');
      at = after + 1;
    } else if (after !== end) {
      throw new Error('a row has more fields than its layout');
    }
  }
  out[written++] = newline;
  return written;
}

/** A field without its quotes; what the record doubled is single again. */
function writeField(bytes: Buffer, { start, end }: Span, out: Buffer, to: number): number {
  let written = to;
  if (start === end) {
    out[written++] = backslash;
    out[written++] = capitalN;
    return written;
  }
  if (bytes[start] !== quote) {
    // A call costs more than a few bytes by hand.
    if (end - start > 40) return written + bytes.copy(out, written, start, end);
    for (let at = start; at < end; at += 1) out[written++] = bytes[at] ?? 0;
    return written;
  }
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    out[written++] = byte;
    if (byte === quote) {
      at += 1;
    } else if (byte === backslash) {
      // COPY's pair stays; of the record's own two backslashes, which are four here, one remains, which is two.
      at += 1;
      out[written++] = bytes[at] ?? 0;
      if (bytes[at] === backslash) at += 2;
    }
  }
  return written;
}
