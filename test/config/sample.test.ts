import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { sampleName } from '../../src/config/locate.js';
import { environmentName, obsoleteOf, optionsOf, programs } from '../../src/config/options.js';
import { renderSample } from '../../src/config/sample.js';
import { root } from '../support/programs.js';

describe.each(programs)('the example file of %s', (program) => {
  const path = fileURLToPath(new URL(`../../config/${sampleName[program]}`, import.meta.url));

  test('is what the list of options renders to (npx vitest run -u writes it anew)', async () => {
    await expect(renderSample(program)).toMatchFileSnapshot(path);
  });

  test('loads without a fault or a warning, also with every default set', () => {
    const load = (overrides: string[] = []): unknown =>
      loadConfig({ program, path, overrides, environment: { HOME: root } });
    const defaults = optionsOf[program].flatMap(({ key, default: value }) =>
      value === undefined || value.includes('%') ? [] : [`${key}=${value}`],
    );
    expect(load()).toMatchObject({ warnings: [] });
    expect(load(defaults)).toEqual(load());
  });

  test('names every option once, and no name is taken twice', () => {
    const names = [
      ...optionsOf[program].flatMap(({ key, aliases = [] }) => [key, ...aliases.map((alias) => alias.key)]),
      ...obsoleteOf[program].map(({ key }) => key),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const { key } of optionsOf[program]) {
      expect(renderSample(program).match(new RegExp(`^#?${key} = `, 'gm'))).toHaveLength(1);
      expect(environmentName(program, key)).toMatch(/^[A-Z_]+$/);
    }
  });
});
