/** The text of a one-dimensional PostgreSQL array with these elements; null is NULL. */
export function arrayLiteral(elements: readonly (string | null)[]): string {
  return `{${elements.map((element) => (element === null ? 'NULL' : written(element))).join(',')}}`;
}

/** Quoted, but for numbers, which most keys are. */
function written(element: string): string {
  if (/^[0-9]+$/.test(element)) return element;
  const escaped = /["\\]/.test(element) ? element.replaceAll(/["\\]/g, '\\$&') : element;
  return `"${escaped}"`;
}
