/**
 * COPY's text format, as bytes: a line a row, fields divided by tabs, `\N` for NULL, backslash escapes. What comes out
 * of one server's COPY goes into another's unread, so values stay as they are written wherever that is possible.
 */
const newline = 0x0a;
const backslash = 0x5c;

/**
 * Cuts a stream of COPY at line ends: every buffer that comes out holds whole lines. A line of many megabytes, which
 * comes in thousands of pieces, is put together once.
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) {
      begun.push(chunk);
      continue;
    }
    const whole = begun.length === 0 ? chunk : endOfFirst(begun, chunk);
    begun = [];
    if (whole === chunk) {
      yield chunk.subarray(0, end);
    } else {
      yield whole;
      const rest = chunk.subarray(chunk.indexOf(newline) + 1, end);
      if (rest.length > 0) yield rest;
    }
    if (end < chunk.length) begun.push(chunk.subarray(end));
  }
  if (begun.length > 0) throw new Error('a row of COPY ended without a line end');
}

/** The line that `begun` holds the beginning of and `chunk` the end. */
function endOfFirst(begun: Buffer[], chunk: Buffer): Buffer {
  return Buffer.concat([...begun, chunk.subarray(0, chunk.indexOf(newline) + 1)]);
}

const escapes: Readonly<Record<number, number>> = {
  0x62: 0x08, // \b
  0x66: 0x0c, // \f
  0x6e: newline,
  0x72: 0x0d, // \r
  0x74: 0x09, // \t
  0x76: 0x0b, // \v
};

/** A field's bytes as they were before COPY escaped them. */
export function unescapeField(field: Buffer): Buffer {
  const first = field.indexOf(backslash);
  if (first === -1) return field;
  const plain = Buffer.allocUnsafe(field.length);
  field.copy(plain, 0, 0, first);
  let length = first;
  for (let at = first; at < field.length; at += 1) {
    let byte = field[at] ?? 0;
    if (byte === backslash) {
      at += 1;
      const code = field[at] ?? backslash;
      byte = escapes[code] ?? code;
    }
    plain[length++] = byte;
  }
  return plain.subarray(0, length);
}

// A byte order mark is a character of a value like any other.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A field as text. Bytes that are no UTF-8 (a server in SQL_ASCII hands such out unchecked) are an error: replacing
 * them would change data in silence.
 */
export function fieldText(field: Buffer): string {
  return utf8.decode(unescapeField(field));
}
