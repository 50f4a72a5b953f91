/**
 * Reads COPY's text format: a line a row, fields divided by tabs, `\N` for NULL, backslash escapes. Bytes that are no
 * UTF-8 (a server in SQL_ASCII hands such out unchecked) are an error: replacing them would change data in silence.
 */
export async function* readCopyText(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<(string | null)[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield text.slice(start, end).split('\t').map(unescape);
      start = end + 1;
    }
    rest = text.slice(start);
  }
  decoder.decode();
  if (rest !== '') throw new Error('a row of COPY ended without a line end');
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescape(field: string): string | null {
  if (field === '\\N') return null;
  if (!field.includes('\\')) return field;
  return field.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
