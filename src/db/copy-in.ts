import { pipeline } from 'node:stream/promises';
import { Readable, type Writable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';

/** A client of the driver, ours or a library user's. */
export interface CopyClient {
  query(submittable: never): unknown;
}

/** `copy ... from stdin`, fed by `chunks` with backpressure; returns the rows that the server took. */
export async function copyIn(
  client: CopyClient,
  statement: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<number> {
  const stream = client.query(copyFrom(statement) as never) as Writable & { rowCount: number };
  await pipeline(Readable.from(chunks, { objectMode: false }), stream);
  return stream.rowCount;
}
