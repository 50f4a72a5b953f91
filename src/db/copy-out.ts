import { Readable } from 'node:stream';
import type pg from 'pg';

/** What we use of the driver's connection: its socket, and the way to send a statement. */
export interface CopyConnection {
  readonly stream: Readable;
  query(text: string): void;
}

type DataListener = (chunk: Buffer) => void;

const copyData = 0x64; // d
const copyDone = 0x63; // c
/** CopyOutResponse, ParameterStatus, NoticeResponse, NotificationResponse: nothing of them is of the data. */
const passedOver = new Set([0x48, 0x53, 0x4e, 0x41]);
const headBytes = 5;

/**
 * `copy ... to stdout` as the driver runs a query: a stream of the server's data in pieces as large as they came off the network. The
 * server sends each row as a message of its own; to make a buffer of each, as pg-copy-streams does, takes most of the time
 * that a copy costs us, so the heads between them are closed up in place.
 */
export class CopyOut extends Readable implements pg.Submittable {
  readonly #text: string;
  #connection: CopyConnection | undefined;
  #driversListener: DataListener | undefined;
  /** The beginning of a message's head whose rest has not come yet. */
  #head = Buffer.alloc(0);
  /** Bytes of the current message that have not come yet, and whether they are data. */
  #left = 0;
  #isData = false;
  #isWanted = false;
  readonly #onReadable = (): void => {
    this.#forward();
  };

  constructor(text: string) {
    super();
    this.#text = text;
  }

  /** Called by the driver when it is this statement's turn. */
  submit(connection: CopyConnection | pg.Connection): void {
    // The driver's types leave out what its connection has.
    const ours = connection;
    this.#connection = ours;
    const [listener] = ours.stream.listeners('data') as DataListener[];
    this.#driversListener = listener;
    if (listener) ours.stream.removeListener('data', listener);
    ours.stream.pause();
    this.#forward();
    ours.stream.on('readable', this.#onReadable);
    ours.query(this.#text);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#forward();
  }

  #forward(): void {
    while (this.#isWanted && this.#connection && this.#driversListener) {
      const chunk = this.#connection.stream.read() as Buffer | null;
      if (chunk === null) return;
      this.#take(this.#head.length > 0 ? Buffer.concat([this.#head, chunk]) : chunk);
    }
  }

  #take(chunk: Buffer): void {
    this.#head = Buffer.alloc(0);
    let [read, written, isDone] = [0, 0, false];
    while (read < chunk.length && !isDone) {
      if (this.#left > 0) {
        const bytes = Math.min(this.#left, chunk.length - read);
        if (this.#isData) {
          if (written < read) chunk.copyWithin(written, read, read + bytes);
          written += bytes;
        }
        read += bytes;
        this.#left -= bytes;
      } else if (chunk.length - read < headBytes) {
        this.#head = Buffer.from(chunk.subarray(read));
        read = chunk.length;
      } else {
        const code = chunk[read] ?? 0;
        this.#isData = code === copyData;
        isDone = !this.#isData && !passedOver.has(code);
        // An error is the driver's to read.
        if (!isDone || code === copyDone) {
          this.#left = chunk.readUInt32BE(read + 1) + 1 - headBytes;
          read += headBytes;
        }
        if (code === copyDone) this.#left = 0;
      }
    }
    if (written > 0) this.#isWanted = this.push(chunk.subarray(0, written));
    if (isDone) this.#giveBack(chunk.subarray(read));
  }

  /** Lets the driver read on, from `unread`; what came before it ends the data, or an error follows. */
  #giveBack(unread: Buffer): void {
    const { stream } = this.#connection ?? {};
    const listener = this.#driversListener;
    this.#driversListener = undefined;
    if (!stream || !listener) return;
    stream.removeListener('readable', this.#onReadable);
    stream.addListener('data', listener);
    listener(unread);
    // Listeners to `readable` keep a stream from flowing until they are gone.
    process.nextTick(() => stream.resume());
  }

  /** Called by the driver: all data has come, unless an error has. */
  handleCommandComplete(): void {
    this.push(null);
  }

  handleError(error: Error): void {
    this.destroy(error);
  }

  handleReadyForQuery(): void {
    // Nothing is left to do.
  }
}
