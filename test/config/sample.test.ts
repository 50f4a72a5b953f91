import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { sampleName } from '../../src/config/locate.js';
import { environmentName, obsoleteOf, optionsOf, programOf, sections } from '../../src/config/options.js';
import { renderSample } from '../../src/config/sample.js';
import { root } from '../support/programs.js';

describe.each(sections)('the example file of %s', (section) => {
  const path = fileURLToPath(new URL(`../../config/${sampleName[section]}`, import.meta.url));

  test('is what the list of options renders to (npx vitest run -u writes it anew)', async () => {
    await expect(renderSample(section)).toMatchFileSnapshot(path);
  });

  test('loads without a fault or a warning, also with every default set', () => {
    const load = (overrides: string[] = []): unknown =>
      loadConfig({ program: programOf[section], path, overrides, environment: { HOME: root } });
    const defaults = optionsOf[section].flatMap(({ key, default: value }) =>
      value === undefined || value.includes('%') ? [] : [`${key}=${value}`],
    );
    expect(load()).toMatchObject({ warnings: [] });
    expect(load(defaults)).toEqual(load());
  });

  test('names every option once, and no name is taken twice', () => {
    const names = [
      ...optionsOf[section].flatMap(({ key, aliases = [] }) => [key, ...aliases.map((alias) => alias.key)]),
      ...obsoleteOf[section].map(({ key }) => key),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const { key } of optionsOf[section]) {
      expect(renderSample(section).match(new RegExp(`^#?${key} = `, 'gm'))).toHaveLength(1);
      expect(environmentName(section, key)).toMatch(/^[A-Z_]+$/);
    }
  });
});
