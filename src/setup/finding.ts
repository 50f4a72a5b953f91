/** Something that a look at a database has found. */
export interface Finding {
  /** A fault keeps something from working, or will; a note is only to be known. */
  readonly level: 'fault' | 'note';
  /** What it is about: `queue orders`, `server`, `role app`. */
  readonly about: string;
  readonly what: string;
  /** What to type or to do. */
  readonly fix: string;
}

export function fault(about: string, what: string, fix: string): Finding {
  return { level: 'fault', about, what, fix };
}

export function note(about: string, what: string, fix: string): Finding {
  return { level: 'note', about, what, fix };
}

/** Seconds in words, the two largest units. */
export function lasting(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`;
}
