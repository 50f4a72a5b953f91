import { LondisteError } from '../kernel/errors.js';

/** A table or sequence: the schema and the name as the catalogue has them, without quotes. */
export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** `my table` as `"my table"`: always quoted, so that no list of reserved words is needed. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as an SQL literal that means the same under either setting of standard_conforming_strings. */
export function quoteLiteral(value: string): string {
  const doubled = value.replaceAll("'", "''");
  return value.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

export function quoteName({ schema, name }: QualifiedName): string {
  return `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/** The form that people read and type: quoted only where it would not parse back otherwise. */
export function showName({ schema, name }: QualifiedName): string {
  const part = (text: string): string => (/^[^".\s]+$/u.test(text) ? text : quoteIdent(text));
  return `${part(schema)}.${part(name)}`;
}

/**
 * What a user typed, `entry`, `shop.entry` or `"odd.schema"."my table"`, as a name. Case is kept as typed: names are
 * compared with the catalogue as they are. The schema is `public` when none is given.
 */
export function parseName(text: string): QualifiedName {
  const parts = splitName(text);
  const [first, second] = parts;
  if (first === undefined || parts.length > 2 || parts.some((part) => part === '')) {
    throw new LondisteError('usage', `not a table or sequence name: ${text}`, {
      hint: 'write NAME, SCHEMA.NAME, or "quoted.schema"."quoted name"',
    });
  }
  return second === undefined ? { schema: 'public', name: first } : { schema: first, name: second };
}

function splitName(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      const closing = findClosingQuote(text, at + 1);
      part += text.slice(at + 1, closing).replaceAll('""', '"');
      at = closing + 1;
    } else if (text[at] === '.') {
      parts.push(part);
      part = '';
      at += 1;
    } else {
      part += text[at] ?? '';
      at += 1;
    }
  }
  return [...parts, part];
}

function findClosingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at;
    at += 1;
  }
  throw new LondisteError('usage', `the quote in ${text} is never closed`);
}
