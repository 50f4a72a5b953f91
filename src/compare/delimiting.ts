import { typeNames } from '../db/type-names.js';

/** How a column's text is kept apart from its neighbours'. */
export type Delimiting = 'by its type' | 'by its length' | 'by quotes';

/** Types whose values are never written with a vertical bar, nor as an empty text. */
const barless = typeNames(
  `smallint|integer|bigint|numeric|real|double precision|oid|boolean|uuid|bytea|date|interval|time without time zone|time with time zone
   |timestamp without time zone|timestamp with time zone|inet|cidr|macaddr`,
);

const texts = new Set(['text', 'character varying', 'bpchar']);

/** By a type as `format_type` writes it, without its length. */
export function delimitingOf(type: string): Delimiting {
  if (barless.has(type)) return 'by its type';
  return texts.has(type) ? 'by its length' : 'by quotes';
}
