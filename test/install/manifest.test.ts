import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/install/manifest.js';
import { root } from '../support/programs.js';

describe('a manifest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'londiste-manifest-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function manifest(text: string): URL {
    writeFileSync(join(folder, 'install.sql'), text);
    return pathToFileURL(join(folder, 'install.sql'));
  }
  const versions = '\\set schema_version 3\n\\set oldest_code 2\n';

  it('is read as psql reads it', async () => {
    writeFileSync(join(folder, 'one.sql'), `select ':'schema_version'';`);
    const read = await readManifest(
      manifest(
        `-- Title\n${versions}begin;\nselect :'schema_version', :'unknown';\n\\ir one.sql\n-- End\ncommit;\n`,
      ),
    );
    expect(read).toMatchObject({ schemaVersion: 3, oldestCode: 2 });
    expect(read.parts.map(({ sql }) => sql.trim())).toEqual([
      `-- Title\nbegin;\nselect '3', :'unknown';`,
      `select ':'schema_version'';`,
      '-- End\ncommit;',
    ]);
  });

  it('has another digest when a file differs', async () => {
    const text = `${versions}\\ir one.sql\n`;
    writeFileSync(join(folder, 'one.sql'), 'select 1;');
    const before = await readManifest(manifest(text));
    expect((await readManifest(manifest(text))).digest).toBe(before.digest);
    writeFileSync(join(folder, 'one.sql'), 'select 2;');
    expect((await readManifest(manifest(text))).digest).not.toBe(before.digest);
  });

  it.each([
    ['\\copy x from y', 'only \\set and \\ir are understood: \\copy x from y'],
    ['\\ir missing.sql', 'missing.sql, a file of this program'],
    ['\\set oldest_code one', '\\set oldest_code NUMBER is missing'],
  ])('is refused with %s', async (line, message) => {
    await expect(readManifest(manifest(`${versions}${line}\n`))).rejects.toThrow(message);
  });

  it.each(['pgq', 'londiste', 'pgq_coop', 'pgq_ext'])(
    'of %s names every file of its folder once',
    (schema) => {
      const text = readFileSync(join(root, 'sql', schema, 'install.sql'), 'utf8');
      const named = [...text.matchAll(/^\\ir (.*)$/gm)].map(([, file]) => file).sort();
      const present = readdirSync(join(root, 'sql', schema), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.sql') && file !== 'install.sql')
        .sort();
      expect(named).toEqual(present);
    },
  );
});
