/** A file that rows of a table lie in: the table's own, or a partition's. */
export interface TableFile {
  /** Quoted and qualified. */
  readonly relation: string;
  /** Another number after the table was rewritten: its rows lie in other blocks then. */
  readonly filenode: number;
  readonly blocks: number;
  readonly bytes: number;
}

/** Some blocks of a file: from `lower` to before `upper`, or to the end, wherever that comes to be. */
export interface BlockRange {
  readonly relation: string;
  readonly filenode: number;
  readonly lower: number;
  readonly upper: number | undefined;
}

/** Parts of about `bytes` each. Every file has one that is open at its end, so that rows in new blocks are in a range too. */
export function splitIntoRanges(files: readonly TableFile[], bytes: number): BlockRange[] {
  return files.flatMap(({ relation, filenode, blocks, bytes: size }) => {
    const perRange = blocks === 0 ? 1 : Math.max(1, Math.round(bytes / (size / blocks)));
    const count = Math.max(1, Math.ceil(blocks / perRange));
    return Array.from({ length: count }, (_, n) => ({
      relation,
      filenode,
      lower: n * perRange,
      upper: n === count - 1 ? undefined : (n + 1) * perRange,
    }));
  });
}

/** The condition on `ctid` of the rows in a range; undefined for all of the file. */
export function conditionOf({ lower, upper }: BlockRange): string | undefined {
  const bounds = [
    ...(lower === 0 ? [] : [`ctid >= '(${lower},0)'::tid`]),
    ...(upper === undefined ? [] : [`ctid < '(${upper},0)'::tid`]),
  ];
  return bounds.length === 0 ? undefined : bounds.join(' and ');
}

/** Whether the files are still those that ranges were made of: none was rewritten, emptied, added or taken away. */
export function areSameFiles(ranges: readonly BlockRange[], files: readonly TableFile[]): boolean {
  const names = (all: readonly { relation: string; filenode: number }[]): string =>
    [...new Set(all.map(({ relation, filenode }) => `${filenode} ${relation}`))].sort().join('\n');
  return names(ranges) === names(files);
}
