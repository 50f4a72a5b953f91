/** How many there are of a thing: `1 table`, `2 tables`. */
export function counted(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}
