/**
 * Reads COPY's text format: a line a row, fields divided by tabs, `\N` for NULL, backslash escapes. Bytes that are no
 * UTF-8 (a server in SQL_ASCII hands such out unchecked) are an error: replacing them would change data in silence.
 */
export async function* readCopyText(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<(string | null)[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  // The row that is not whole yet, in pieces: a value of many megabytes comes in thousands of chunks, and each is
  // looked at once.
  let begun: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      begun.push(text.slice(start, end));
      yield begun.join('').split('\t').map(unescape);
      begun = [];
      start = end + 1;
    }
    if (start < text.length) begun.push(text.slice(start));
  }
  decoder.decode();
  if (begun.length > 0) throw new Error('a row of COPY ended without a line end');
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescape(field: string): string | null {
  if (field === '\\N') return null;
  let backslash = field.indexOf('\\');
  if (backslash === -1) return field;
  const parts: string[] = [];
  let start = 0;
  while (backslash !== -1) {
    const character = field[backslash + 1] ?? '';
    parts.push(field.slice(start, backslash), escapes[character] ?? character);
    start = backslash + 2;
    backslash = field.indexOf('\\', start);
  }
  parts.push(field.slice(start));
  return parts.join('');
}
