/**
 * INI files as Python's ConfigParser reads them, because the files of Skytools were written for it. Where Python 2 and
 * 3 differ we take what a reader of the file would expect:
 * - a key or a section that is there twice is a fault (Python 3), told with both lines;
 * - a comment may be indented, and so may keys (Python 3);
 * - text from a value's first `;` on is a comment if a blank stands before it (Python 2), so that `0.1 ; seconds` is a number;
 * - `""` is an empty value, and empty lines inside a continued value are dropped (Python 2).
 */
export interface IniEntry {
  /** In lower case, as all keys are compared. */
  readonly key: string;
  /** As written; continuation lines are joined by a newline. */
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly entries: ReadonlyMap<string, IniEntry>;
}

export interface IniFault {
  readonly line: number;
  readonly message: string;
}

export interface IniFile {
  readonly sections: ReadonlyMap<string, IniSection>;
  /** Everything that is wrong with the text, in the order of its lines. */
  readonly faults: readonly IniFault[];
}

/** The section whose entries every other section falls back to. */
export const fallbackSection = 'DEFAULT';

export function parseIni(text: string): IniFile {
  const reader = new Reader();
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  lines.forEach((line, n) => {
    reader.read(line, n + 1);
  });
  return reader.finish();
}

interface OpenEntry {
  readonly key: string;
  readonly line: number;
  readonly parts: string[];
}

interface OpenSection {
  readonly name: string;
  readonly line: number;
  readonly entries: Map<string, IniEntry>;
}

class Reader {
  readonly #sections = new Map<string, OpenSection>();
  readonly #faults: IniFault[] = [];
  #section: OpenSection | undefined;
  #entry: OpenEntry | undefined;
  #indent = 0;

  read(line: string, number: number): void {
    const content = line.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) return;
    const indent = line.length - line.trimStart().length;
    if (this.#entry !== undefined && indent > this.#indent) {
      this.#entry.parts.push(content);
      return;
    }
    this.#closeEntry();
    this.#indent = indent;
    const header = /^\[([^\]]+)\]/.exec(content);
    if (header?.[1] !== undefined) this.#openSection(header[1], number);
    else this.#openEntry(content, number);
  }

  finish(): IniFile {
    this.#closeEntry();
    return { sections: this.#sections, faults: this.#faults };
  }

  #openSection(name: string, line: number): void {
    const first = this.#sections.get(name);
    if (first) this.#fault(line, `section [${name}] is there twice, first in line ${first.line}`);
    this.#section = { name, line, entries: new Map() };
    if (!first) this.#sections.set(name, this.#section);
  }

  #openEntry(content: string, line: number): void {
    // The text of the line is not repeated: it may hold a password.
    const parts = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(content);
    if (!parts) {
      this.#fault(line, 'expected [section] or key = value');
      return;
    }
    const key = (parts[1] ?? '').toLowerCase();
    if (!this.#section) {
      this.#fault(line, `${key}: stands before the first [section]`);
      return;
    }
    const first = this.#section.entries.get(key);
    if (first) this.#fault(line, `${key}: is there twice, first in line ${first.line}`);
    this.#entry = { key, line, parts: [withoutComment(parts[2] ?? '')] };
  }

  #closeEntry(): void {
    if (!this.#entry || !this.#section) return;
    const { key, line, parts } = this.#entry;
    this.#entry = undefined;
    if (!this.#section.entries.has(key)) {
      this.#section.entries.set(key, { key, line, value: parts.join('\n').trim() });
    }
  }

  #fault(line: number, message: string): void {
    this.#faults.push({ line, message });
  }
}

function withoutComment(value: string): string {
  const at = value.indexOf(';');
  const kept = at > 0 && /\s/.test(value[at - 1] ?? '') ? value.slice(0, at).trimEnd() : value;
  return kept === '""' ? '' : kept;
}

/** What `interpolate` says instead of a value that cannot be put together. */
export class InterpolationError extends Error {}

/**
 * Fills in `%(name)s` from `lookup`, again and again up to ten deep, and turns `%%` into `%`; throws
 * `InterpolationError` for a name that is not there, for a circle, and for a lone `%`.
 */
export function interpolate(value: string, lookup: (name: string) => string | undefined, depth = 0): string {
  if (depth > 10) throw new InterpolationError('the %(...)s in it lead in a circle');
  return value.replaceAll(/%(%|\(([^)]*)\)s)?/g, (_, form: string | undefined, name: string | undefined) => {
    if (form === '%') return '%';
    if (name === undefined) throw new InterpolationError('a % that stands for itself is written %%');
    const found = lookup(name.toLowerCase());
    if (found === undefined) throw new InterpolationError(`%(${name})s: there is no key ${name}`);
    return interpolate(found, lookup, depth + 1);
  });
}

/** The names that a value refers to as `%(name)s`. */
export function referredNames(value: string): string[] {
  return [...value.matchAll(/%%|%\(([^)]*)\)s/g)].flatMap(([, name]) =>
    name === undefined ? [] : [name.toLowerCase()],
  );
}
