/**
 * Rows travel as PostgreSQL prints a composite value: `(1,"two words",,"")`. A field is bare or in quotes, in which
 * `""` and `\\` stand for one character each; nothing between two commas is NULL. Splitting finds where fields begin
 * and end and leaves each as it is written, so that values are never interpreted here.
 */
export type RawField = string;

export const nullField: RawField = '';

/** The fields of a record as they are written, quotes included; NULL is the empty string. */
export function splitRecord(text: string): RawField[] {
  if (!text.startsWith('(') || !text.endsWith(')'))
    throw new Error('not a row: it must begin with ( and end with )');
  const fields: RawField[] = [];
  const end = text.length - 1;
  let start = 1;
  while (start <= end) {
    const after = endOfField(text, start, end);
    fields.push(text.slice(start, after));
    start = after + 1;
  }
  return fields;
}

/** The position behind the field that begins at `start`: that of the next comma, or of the closing parenthesis. */
function endOfField(text: string, start: number, end: number): number {
  if (text[start] !== '"') {
    const comma = text.indexOf(',', start);
    return comma === -1 || comma > end ? end : comma;
  }
  let at = start + 1;
  while (at < end) {
    const character = text[at];
    if (character === '\\') at += 2;
    else if (character !== '"') at += 1;
    else if (text[at + 1] === '"') at += 2;
    else return at + 1;
  }
  throw new Error('not a row: a quote is never closed');
}

export function joinRecord(fields: readonly RawField[]): string {
  return `(${fields.join(',')})`;
}

/** The text of a field's value, or null. */
export function fieldValue(field: RawField): string | null {
  if (field === nullField) return null;
  if (!field.startsWith('"')) return field;
  return field
    .slice(1, -1)
    .replaceAll(/""|\\(.)/gs, (pair: string, escaped?: string) => escaped ?? pair.slice(1));
}
