/** Names of types as `format_type` writes them, from a list with bars between: they have spaces, and some have quotes. */
export function typeNames(list: string): ReadonlySet<string> {
  return new Set(list.split('|').map((name) => name.trim()));
}
