/** The sections of INI files that we read: `pgqd` is what the ticker for all databases of a server was configured by. */
export type Section = 'londiste' | 'pgqadm' | 'pgqd';

/** How a value is written, and what `parseValue` makes of it. */
export type Kind =
  | { readonly kind: 'text' }
  /** A file name; `~/` is the home directory, a relative one is taken from where the program is called. */
  | { readonly kind: 'path' }
  | { readonly kind: 'integer'; readonly least: number; readonly most: number }
  /** Written in seconds, handed on in milliseconds. */
  | { readonly kind: 'seconds'; readonly least: number; readonly most: number }
  /** Written as bytes, or with a unit: `64kB`, `32MB`, `1GB`; handed on in bytes. */
  | { readonly kind: 'bytes'; readonly least: string; readonly most: string }
  /** Bytes a second: `20MB/s`; handed on in bytes, `none` as 0. */
  | { readonly kind: 'rate' }
  /** A time with its unit: `10s`, `500ms`, `2min`; handed on in milliseconds, `none` as 0. */
  | { readonly kind: 'duration' }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  /** A libpq connection string. */
  | { readonly kind: 'connection' };

/** Another name of an option, as an older program had it. */
export interface Alias {
  readonly key: string;
  /** The value under this name is in a unit this many times as large. */
  readonly times?: number;
  /** The value that means "not set" under this name. */
  readonly unset?: string;
}

/** One setting: the INI file, the environment, `--set`, the samples and all messages take it from here. */
export interface Option {
  readonly key: string;
  readonly type: Kind;
  /** What holds when it is not set, as it would be written; `%(name)s` as in a file. Not there: nothing, or required. */
  readonly default?: string;
  readonly required?: true;
  readonly aliases?: readonly Alias[];
  /** One line for the sample file. */
  readonly help: string;
  /** What the sample file shows in place of the default. */
  readonly example?: string;
}

/** A key of Skytools that has no use here: it is accepted, and a note says that it does nothing. */
export interface Obsolete {
  readonly key: string;
  /** Values under which there is nothing to note. */
  readonly silent?: readonly string[];
  /** Why any other value is refused, where to ignore it would do something else than was asked for. */
  readonly refusal?: string;
}
