import { LondisteError } from '../kernel/errors.js';
import { putPart, type ConninfoParts } from './conninfo-keywords.js';
import { isConninfoUri, parseConninfoUri } from './conninfo-uri.js';

/** The parts that a connection string names, in libpq's keyword form or as a URI; no default is filled in. */
export function conninfoParts(text: string): ConninfoParts {
  return isConninfoUri(text) ? parseConninfoUri(text) : parseKeywords(text);
}

/** libpq's keyword form: `host = 'a b' port=5432`, with `\'` and `\\` in and outside of quotes. */
function parseKeywords(text: string): ConninfoParts {
  const parts: ConninfoParts = new Map();
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    // Messages name positions, not words: a word may be a piece of a password that was not quoted.
    const start = at;
    const place = `at character ${start + 1}`;
    const keyword = /^[^\s=]+/.exec(text.slice(at))?.[0] ?? '';
    at = skipBlanks(text, at + keyword.length);
    if (text[at] !== '=' || keyword === '') {
      const hint = "quote a value with blanks, as in password='two words'";
      throw new LondisteError('config', `expected keyword=value ${place} of the connection string; ${hint}`);
    }
    const { value, end } = readValue(text, skipBlanks(text, at + 1));
    putPart(parts, keyword, value, { place, secret: hasSecret(parts) });
    at = skipBlanks(text, end);
  }
  return parts;
}

function hasSecret(parts: ConninfoParts): boolean {
  return parts.has('password') || parts.has('sslpassword');
}

function readValue(text: string, from: number): { value: string; end: number } {
  const quoted = text[from] === "'";
  let at = quoted ? from + 1 : from;
  let value = '';
  for (; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (quoted ? letter === "'" : /\s/.test(letter)) return { value, end: at + 1 };
    if (letter === '\\') at += 1;
    value += text[at] ?? '';
  }
  if (quoted) {
    throw new LondisteError(
      'config',
      `the quote at character ${from + 1} of the connection string is never closed`,
    );
  }
  return { value, end: at };
}

function skipBlanks(text: string, from: number): number {
  return from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
}
