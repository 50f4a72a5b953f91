import { hostname } from 'node:os';
import { asLondisteError, LondisteError } from '../kernel/errors.js';
import { didYouMean } from '../kernel/suggest.js';
import {
  fallbackSection,
  interpolate,
  InterpolationError,
  parseIni,
  referredNames,
  type IniEntry,
  type IniFile,
} from './ini.js';
import type { ConfigFile } from './locate.js';
import { parseValue, type Value } from './option-value.js';
import type { Alias, Option, Section } from './option.js';
import { environmentName, obsoleteOf, optionsOf, toleratesUnknown, type Program } from './options.js';

/** A value as it was written somewhere, and where. */
interface Written {
  readonly text: string;
  /** What a fault begins with: `replica.ini:7: loop_delay`, `--set loop_delay`, `LONDISTE_LOOP_DELAY`. */
  readonly place: string;
  readonly alias?: Alias | undefined;
  /** In the file, `%(name)s` is filled in. */
  readonly inFile?: IniEntry;
}

export interface Resolved {
  /** The section that the values come from. */
  readonly section: Section;
  readonly values: ReadonlyMap<string, Value>;
  /** All that is wrong, in the order of the file. */
  readonly faults: string[];
  readonly warnings: string[];
}

interface Sources {
  readonly program: Program;
  readonly file: ConfigFile;
  readonly overrides: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Finds each option's value among `--set`, environment, file and default, and collects everything that is wrong. */
export class Resolver {
  /** The section that counts, and the program that asked for it. */
  readonly #section: Section;
  readonly #program: Program;
  readonly #file: ConfigFile;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #ini: IniFile;
  readonly #entries: ReadonlyMap<string, IniEntry>;
  readonly #overrides = new Map<string, string>();
  readonly #faults: { line: number; text: string }[] = [];
  readonly #warnings: string[] = [];

  constructor({ program, file, overrides, environment }: Sources) {
    this.#program = program;
    this.#file = file;
    this.#environment = environment;
    this.#ini = parseIni(file.text);
    const isOther =
      program === 'pgqadm' && !this.#ini.sections.has(program) && this.#ini.sections.has('pgqd');
    this.#section = isOther ? 'pgqd' : program;
    this.#entries = this.#ini.sections.get(this.#section)?.entries ?? new Map<string, IniEntry>();
    for (const text of overrides) this.#addOverride(text);
  }

  resolve(): Resolved {
    for (const { line, message } of this.#ini.faults)
      this.#fault(line, `${this.#file.path}:${line}: ${message}`);
    const values = new Map<string, Value>();
    if (this.#ini.sections.has(this.#section)) {
      this.#checkKeys();
      this.#checkTwins();
      for (const option of optionsOf[this.#section]) {
        const value = this.#valueOf(option);
        if (value !== undefined) values.set(option.key, value);
      }
    } else {
      this.#faultMissingSection();
    }
    const faults = this.#faults.sort((a, b) => a.line - b.line).map(({ text }) => text);
    return { section: this.#section, values, faults, warnings: this.#warnings };
  }

  #addOverride(text: string): void {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      this.#fault(0, `--set: expected key=value, got "${text}"`);
      return;
    }
    const name = key.trim().toLowerCase();
    if (namesOf(this.#section).includes(name)) this.#overrides.set(name, value.trim());
    else this.#fault(0, `--set ${key}: unknown key${didYouMean(name, namesOf(this.#section))}`);
  }

  /** Unknown keys, save those that another value refers to as `%(key)s`, and keys that no longer do anything. */
  #checkKeys(): void {
    const referred = new Set([...this.#entries.values()].flatMap(({ value }) => referredNames(value)));
    const obsolete = new Map(obsoleteOf[this.#section].map((one) => [one.key, one]));
    const ignored: string[] = [];
    for (const { key, value, line } of this.#entries.values()) {
      const old = obsolete.get(key);
      if (namesOf(this.#section).includes(key)) continue;
      if (old?.silent?.includes(value) === true) continue;
      if (old?.refusal !== undefined)
        this.#fault(line, `${this.#at(line, key)}: ${old.refusal}; remove the key`);
      else if (old) ignored.push(`${key} (line ${line})`);
      else if (!referred.has(key)) {
        const names = [...namesOf(this.#section), ...obsolete.keys()];
        const unknown = `${this.#at(line, key)}: unknown key${didYouMean(key, names)}`;
        if (toleratesUnknown[this.#section]) this.#warnings.push(`${unknown}; it has no effect`);
        else this.#fault(line, unknown);
      }
    }
    if (ignored.length > 0) {
      this.#warnings.push(
        `${this.#file.path}: keys of Skytools that have no effect here: ${ignored.join(', ')}`,
      );
    }
  }

  /** One setting under two of its names: whichever we took would be wrong half of the time. */
  #checkTwins(): void {
    for (const option of optionsOf[this.#section]) {
      const written = namesWithAlias(option).flatMap(({ name }) => this.#entries.get(name) ?? []);
      const [first, second] = written.sort((a, b) => a.line - b.line);
      if (first && second) {
        const place = this.#at(second.line, second.key);
        this.#fault(
          second.line,
          `${place}: means the same as ${first.key} in line ${first.line}; remove one of them`,
        );
      }
    }
  }

  #valueOf(option: Option): Value | undefined {
    const written = this.#find(option);
    if (!written) {
      const hint = option.example === undefined ? '' : `, as in ${option.key} = ${option.example}`;
      if (option.required) this.#fault(Infinity, `${this.#file.path}: ${option.key}: is required${hint}`);
      return undefined;
    }
    const { alias, place } = written;
    try {
      const text = written.inFile ? interpolate(written.text, (name) => this.#lookUp(name)) : written.text;
      const value = parseValue(text, option.type, { environment: this.#environment, alias });
      if (typeof value === 'object') this.#warnAbout(value, written);
      return value;
    } catch (error) {
      if (!(error instanceof LondisteError) && !(error instanceof InterpolationError)) throw error;
      this.#fault(written.inFile?.line ?? 0, `${place}: ${asLondisteError(error).message}`);
      return undefined;
    }
  }

  /** The first source that names the option decides; an empty value is none, and `--set key=` goes back to the default. */
  #find(option: Option): Written | undefined {
    const names = namesWithAlias(option);
    const written = this.#inOverrides(names) ?? this.#inEnvironment(names) ?? this.#inFile(names);
    if (written && written.text !== '' && written.text !== written.alias?.unset) return written;
    if (option.default === undefined) return undefined;
    const entry = { key: option.key, value: option.default, line: 0 };
    return { text: option.default, place: option.key, inFile: entry };
  }

  #inOverrides(names: readonly Name[]): Written | undefined {
    for (const { name, alias } of names) {
      const text = this.#overrides.get(name);
      if (text !== undefined) return { text, place: `--set ${name}`, alias };
    }
    return undefined;
  }

  #inEnvironment(names: readonly Name[]): Written | undefined {
    for (const { name, alias } of names) {
      const variable = environmentName(this.#section, name);
      const text = this.#environment[variable];
      if (text !== undefined && text !== '') return { text, place: variable, alias };
    }
    return undefined;
  }

  #inFile(names: readonly Name[]): Written | undefined {
    for (const { name, alias } of names) {
      const entry = this.#entry(name);
      if (entry) return { text: entry.value, place: this.#at(entry.line, name), alias, inFile: entry };
    }
    return undefined;
  }

  #entry(key: string): IniEntry | undefined {
    return this.#entries.get(key) ?? this.#ini.sections.get(fallbackSection)?.entries.get(key);
  }

  /** What `%(name)s` stands for: an option wherever it is set, any other key of the file, or one of Skytools' own names. */
  #lookUp(name: string): string | undefined {
    const option = optionsOf[this.#section].find(({ key }) => key === name);
    const written = option && this.#find(option);
    // A value from outside the file is no template.
    if (written) return written.inFile ? written.text : written.text.replaceAll('%', '%%');
    const builtIn: Readonly<Record<string, string>> = { service_name: this.#section, host_name: hostname() };
    return this.#entry(name)?.value ?? builtIn[name];
  }

  #warnAbout(value: Value & object, { place }: Written): void {
    for (const note of value.notes) this.#warnings.push(`${place}: ${note}`);
    if (value.holdsPassword && this.#file.readableByOthers && place.startsWith(this.#file.path)) {
      this.#warnings.push(
        `${place}: holds a password, and others may read the file; run: chmod 600 ${this.#file.path}, or keep the password in ~/.pgpass`,
      );
    }
  }

  #faultMissingSection(): void {
    const there = [...this.#ini.sections.keys()].filter((name) => name !== fallbackSection);
    const got = there.length === 0 ? 'it has none' : `it has ${there.map((name) => `[${name}]`).join(', ')}`;
    this.#fault(
      Infinity,
      `${this.#file.path}: expected a section [${this.#program}]${this.#program === 'pgqadm' ? ' or [pgqd]' : ''}, ${got}`,
    );
  }

  #at(line: number, key: string): string {
    return `${this.#file.path}:${line}: ${key}`;
  }

  #fault(line: number, text: string): void {
    this.#faults.push({ line, text });
  }
}

interface Name {
  readonly name: string;
  readonly alias?: Alias;
}

function namesWithAlias({ key, aliases = [] }: Option): Name[] {
  return [{ name: key }, ...aliases.map((alias) => ({ name: alias.key, alias }))];
}

/** Every name that a section's options may be given under. */
function namesOf(section: Section): string[] {
  return optionsOf[section].flatMap((option) => namesWithAlias(option).map(({ name }) => name));
}
