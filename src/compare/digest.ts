import type { Readers } from './bench.js';

/** How texts become 64 bits in a server. */
export interface Digest {
  /** An expression: the same text the same bits on both sides, whatever the seed. */
  (text: string, seed: 0 | 1 | 2): string;
  /** Whether the same text has the same bytes on both sides. */
  readonly sameBytes: boolean;
}

/** PostgreSQL's own hash of texts, by their bytes: quick, and another one where bytes lie in another order. */
const native: Digest = Object.assign(
  (text: string, seed: number) => `hashtextextended(${text} collate "C", ${seed})`,
  { sameBytes: true },
);

/** Halves of an MD5 of the text in UTF-8, for servers that do not agree on bytes. */
const portable: Digest = Object.assign(
  (text: string, seed: number) =>
    `('x' || substr(md5(convert_to(${text}, 'UTF8')), ${seed === 0 ? 1 : 17}, 16))::bit(64)::bigint`,
  { sameBytes: false },
);

/** The quick one where both servers have the same encoding and give the same hashes for a few texts of all lengths. */
export async function digestFor({ provider, subscriber }: Readers): Promise<Digest> {
  const probe = `select current_setting('server_encoding') || string_agg(${native("repeat('a7 ', n)", 1)}::text, ' ' order by n) as probe
    from generate_series(0, 30) n`;
  const [there, here] = [
    await provider.one<{ probe: string }>(probe),
    await subscriber.one<{ probe: string }>(probe),
  ];
  return there.probe === here.probe ? native : portable;
}
