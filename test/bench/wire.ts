import { connect, type Socket } from 'node:net';
import type { ConnectSettings } from '../../src/db/session.js';

/** Protocol 3.0, what every PostgreSQL speaks. */
const protocol = 196_608;

/**
 * A connection that sends many statements at once and then waits for all of them. The driver waits for each, which makes
 * this process the slowest part; one text with many statements would be one statement of the client to the server, which
 * is not what an application sends. It knows no passwords: it is for servers of our own.
 */
export class Wire implements AsyncDisposable {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  /** Answers that are still to come. */
  #pending = 0;
  #error: Error | undefined;
  #settle: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    socket.on('error', (error) => {
      this.#fail(error);
    });
    socket.on('close', () => {
      this.#fail(new Error('the server has closed the connection'));
    });
  }

  static async open({ host, port, user, database }: ConnectSettings): Promise<Wire> {
    const wire = new Wire(connect(port, host));
    const text = `user\0${user}\0database\0${database}\0application_name\0bench writer\0\0`;
    const startup = Buffer.alloc(8 + text.length);
    startup.writeInt32BE(startup.length, 0);
    startup.writeInt32BE(protocol, 4);
    startup.write(text, 8);
    await wire.#send(startup, 1);
    return wire;
  }

  /** Runs statements one after the other, each as a client's statement of its own; throws the first error. */
  async run(statements: readonly string[]): Promise<void> {
    await this.#send(Buffer.concat(statements.map(queryMessage)), statements.length);
  }

  async #send(message: Buffer, answers: number): Promise<void> {
    this.#pending += answers;
    const settled = new Promise<void>((resolve) => (this.#settle = resolve));
    this.#socket.write(message);
    if (this.#error === undefined) await settled;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Goes through whole messages: a letter, the length, what it says. Only errors and the end of an answer matter. */
  #take(chunk: Buffer): void {
    let rest = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
    while (rest.length >= 5) {
      const end = 1 + rest.readInt32BE(1);
      if (rest.length < end) break;
      const letter = String.fromCharCode(rest[0] ?? 0);
      if (letter === 'E') this.#error ??= new Error(messageOf(rest.subarray(5, end)));
      if (letter === 'Z') this.#pending -= 1;
      rest = rest.subarray(end);
    }
    this.#received = Buffer.from(rest);
    if (this.#pending === 0) this.#settle?.();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#settle?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (this.#socket.closed) return Promise.resolve();
    this.#socket.end(Buffer.from([0x58, 0, 0, 0, 4]));
    return closed;
  }
}

function queryMessage(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const message = Buffer.alloc(6 + length);
  message.write('Q', 0);
  message.writeInt32BE(5 + length, 1);
  message.write(text, 5);
  return message;
}

/** The field M of an error's fields, each a letter and a text that ends with a zero. */
function messageOf(fields: Buffer): string {
  const field = fields
    .toString()
    .split('\0')
    .find((text) => text.startsWith('M'));
  return field?.slice(1) ?? 'an error without a message';
}
