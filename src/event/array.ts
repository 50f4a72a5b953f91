/** The text of a one-dimensional PostgreSQL array with these elements; every element is quoted, null is NULL. */
export function arrayLiteral(elements: readonly (string | null)[]): string {
  return `{${elements.map((element) => (element === null ? 'NULL' : quoted(element))).join(',')}}`;
}

function quoted(element: string): string {
  const escaped = /["\\]/.test(element) ? element.replaceAll(/["\\]/g, '\\$&') : element;
  return `"${escaped}"`;
}
