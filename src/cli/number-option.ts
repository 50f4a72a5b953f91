import { parseValue } from '../config/option-value.js';
import type { Kind } from '../config/option.js';
import { asLondisteError, LondisteError } from '../kernel/errors.js';

/** A switch that is written as a setting of the configuration; undefined where it is not given. */
export function numberOption(
  flag: string,
  written: unknown,
  type: Extract<Kind, { kind: 'rate' | 'duration' }>,
): number | undefined {
  if (typeof written !== 'string') return undefined;
  try {
    return Number(parseValue(written, type, { environment: process.env }));
  } catch (thrown) {
    throw new LondisteError('usage', `${flag}: ${asLondisteError(thrown).message}`);
  }
}
