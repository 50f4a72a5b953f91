import type { NewEvent } from '../pgq/event.js';

/** Characters after which a piece goes to the server. */
const pieceLength = 64 * 1024;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function field(value: string | null | undefined): string {
  if (value === null || value === undefined) return '\\N';
  return value.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character);
}

/** Events as lines of COPY's text format: `time`, type, data and the four extras of each. */
export async function* copyLines(
  events: AsyncIterable<NewEvent> | Iterable<NewEvent>,
  time: string,
): AsyncGenerator<Buffer, void, undefined> {
  let piece = '';
  for await (const { type, data, extra1, extra2, extra3, extra4 } of events) {
    piece += `${[time, ...[type, data, extra1, extra2, extra3, extra4].map(field)].join('\t')}\n`;
    if (piece.length < pieceLength) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  if (piece !== '') yield Buffer.from(piece);
}
