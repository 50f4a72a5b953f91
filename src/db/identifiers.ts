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

/** Columns as a list for a statement: all quoted, and those of `alias` where one is given. */
export function listed(columns: readonly string[], alias?: string): string {
  const prefix = alias === undefined ? '' : `${alias}.`;
  return columns.map((column) => `${prefix}${quoteIdent(column)}`).join(', ');
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
  const [first, second] = partsOf(text).map((pieces) => pieces.map((piece) => piece.text).join(''));
  return second === undefined
    ? { schema: 'public', name: first ?? '' }
    : { schema: first ?? '', name: second };
}

/**
 * What a user typed, as a test of names in the form of the catalogue: `*` stands for any characters and `?` for one,
 * outside of quotes. Undefined when there is neither. The schema is `public` when none is given.
 */
export function parsePattern(text: string): ((name: QualifiedName) => boolean) | undefined {
  const parts = partsOf(text);
  if (!parts.flat().some((piece) => !piece.isQuoted && /[*?]/.test(piece.text))) return undefined;
  const [first, second] = parts.map((pieces) => new RegExp(`^${pieces.map(expressionOf).join('')}$`, 'su'));
  const [schema, name] = second === undefined ? [/^public$/, first] : [first, second];
  return (candidate) => schema?.test(candidate.schema) === true && name?.test(candidate.name) === true;
}

interface Piece {
  readonly text: string;
  readonly isQuoted: boolean;
}

function expressionOf({ text, isQuoted }: Piece): string {
  const literal = text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return isQuoted ? literal : literal.replaceAll('\\*', '.*').replaceAll('\\?', '.');
}

/** The one or two parts of a name, each in pieces that are quoted or not. */
function partsOf(text: string): Piece[][] {
  const parts: Piece[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const end = text[at] === '"' ? findClosingQuote(text, at + 1) + 1 : at + 1;
    const isQuoted = text[at] === '"';
    if (text[at] === '.') parts.push([]);
    else
      parts.at(-1)?.push({
        text: isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end),
        isQuoted,
      });
    at = end;
  }
  if (parts.length > 2 || parts.some((pieces) => pieces.every((piece) => piece.text === ''))) {
    throw new LondisteError('usage', `not a table or sequence name: ${text}`, {
      hint: 'write NAME, SCHEMA.NAME, or "quoted.schema"."quoted name"; * and ? outside of quotes stand for any characters, and one',
    });
  }
  return parts;
}

function findClosingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    if (text[at + 1] !== '"') return at;
    at += 1;
  }
  throw new LondisteError('usage', `the quote in ${text} is never closed`);
}
