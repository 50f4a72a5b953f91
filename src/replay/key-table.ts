import { Arena, copyBytes, largestShared } from './arena.js';

/** The fields of an entry, as offsets into its numbers. */
const field = {
  hash: 0,
  /** The number of the table that the key belongs to. */
  owner: 1,
  keyBlock: 2,
  keyStart: 3,
  keyLength: 4,
  /** 1 when there is an image, 0 when the key is gone. */
  hasImage: 5,
  block: 6,
  start: 7,
  /** The image's length; for a row without a key, whose image is the key, by how many copies there are more. */
  length: 8,
  capacity: 9,
  expected: 10,
  count: 11,
} as const;

/** Images get room for a little more, so that the next one of the same key takes their place. */
const slack = 16;

/**
 * What each key of a chunk ends as: its last image, or gone. A table of numbers with its own hash index over bytes, all
 * of it outside of the heap: as objects and strings the same takes four times the memory, and the collector's time.
 * It is used again for the next chunk.
 */
export class KeyTable {
  readonly #arena = new Arena();
  #entries = new Int32Array(1024 * field.count);
  /** Entry numbers plus one by hash; a power of two, at most half full. */
  #slots = new Int32Array(2048);
  #size = 0;

  /** Bytes that are in use. */
  get bytes(): number {
    return this.#arena.bytes + this.#size * (field.count + 4) * 4;
  }

  /** How many entries there are; they are numbered in the order in which their keys came. */
  get size(): number {
    return this.#size;
  }

  /** The entry of a key of table `owner`; a new one has no row and is not expected. */
  entry(owner: number, bytes: Buffer, start: number, end: number): number {
    const hash = hashOf(owner, bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry < 0) return this.#add({ hash, slot, owner }, bytes, start, end);
      if (this.#is(entry, hash, owner) && this.#hasKey(entry, bytes, start, end)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  /** Whether the entry was made by the last call of `entry`. */
  isNew(entry: number): boolean {
    return this.#get(entry, field.expected) === unset;
  }

  setExpected(entry: number, expected: boolean): void {
    this.#set(entry, field.expected, expected ? 1 : 0);
  }

  isExpected(entry: number): boolean {
    return this.#get(entry, field.expected) === 1;
  }

  /** Keeps the bytes of an image, in place of the one before where it fits there. */
  setImage(entry: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const room = this.#get(entry, field.capacity);
    if (length <= room && room > 0) {
      copyBytes(
        bytes,
        start,
        end,
        this.#arena.at(this.#get(entry, field.block)),
        this.#get(entry, field.start),
      );
    } else {
      const capacity = length > largestShared ? length : (length + slack) & ~(slack - 1);
      this.#set(entry, field.start, this.#arena.put(bytes, start, end, capacity));
      this.#set(entry, field.block, this.#arena.block);
      this.#set(entry, field.capacity, capacity);
    }
    this.#set(entry, field.length, length);
    this.#set(entry, field.hasImage, 1);
  }

  setGone(entry: number): void {
    this.#set(entry, field.hasImage, 0);
  }

  owner(entry: number): number {
    return this.#get(entry, field.owner);
  }

  hasImage(entry: number): boolean {
    return this.#get(entry, field.hasImage) === 1;
  }

  imageLength(entry: number): number {
    return this.#get(entry, field.length);
  }

  image(entry: number): Buffer {
    const start = this.#get(entry, field.start);
    return this.#arena
      .at(this.#get(entry, field.block))
      .subarray(start, start + this.#get(entry, field.length));
  }

  /** A key's bytes, one character each. */
  key(entry: number): string {
    return this.keyBytes(entry).toString('latin1');
  }

  keyBytes(entry: number): Buffer {
    const start = this.#get(entry, field.keyStart);
    const block = this.#arena.at(this.#get(entry, field.keyBlock));
    return block.subarray(start, start + this.#get(entry, field.keyLength));
  }

  keyLength(entry: number): number {
    return this.#get(entry, field.keyLength);
  }

  /** Counts copies of an entry that is never given an image; below zero when more went than came. */
  addCopies(entry: number, by: number): void {
    this.#set(entry, field.length, this.#get(entry, field.length) + by);
  }

  copies(entry: number): number {
    return this.#get(entry, field.length);
  }

  /** Forgets everything and keeps the memory. */
  reset(): void {
    if (this.#size > 0) this.#slots.fill(0);
    this.#size = 0;
    this.#arena.reset();
  }

  #add(
    { hash, slot, owner }: { hash: number; slot: number; owner: number },
    bytes: Buffer,
    start: number,
    end: number,
  ): number {
    const entry = this.#size;
    if ((entry + 1) * field.count > this.#entries.length) this.#growEntries();
    this.#size += 1;
    this.#set(entry, field.hash, hash);
    this.#set(entry, field.owner, owner);
    this.#set(entry, field.keyStart, this.#arena.put(bytes, start, end, end - start));
    this.#set(entry, field.keyBlock, this.#arena.block);
    this.#set(entry, field.keyLength, end - start);
    this.#set(entry, field.hasImage, 0);
    this.#set(entry, field.capacity, 0);
    this.#set(entry, field.length, 0);
    this.#set(entry, field.expected, unset);
    this.#slots[slot] = entry + 1;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return entry;
  }

  #is(entry: number, hash: number, owner: number): boolean {
    return this.#get(entry, field.hash) === hash && this.#get(entry, field.owner) === owner;
  }

  #hasKey(entry: number, bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (this.#get(entry, field.keyLength) !== length) return false;
    const block = this.#arena.at(this.#get(entry, field.keyBlock));
    const from = this.#get(entry, field.keyStart);
    for (let at = 0; at < length; at += 1) if (block[from + at] !== bytes[start + at]) return false;
    return true;
  }

  #get(entry: number, which: number): number {
    return this.#entries[entry * field.count + which] ?? 0;
  }

  #set(entry: number, which: number, value: number): void {
    this.#entries[entry * field.count + which] = value;
  }

  #growEntries(): void {
    const entries = new Int32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#size; entry += 1) {
      let slot = this.#get(entry, field.hash) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}

/** Of an entry that nobody has said anything about yet. */
const unset = -1;

/** FNV-1a, with the table mixed in first and the bits mixed at the end. */
function hashOf(owner: number, bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ owner;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) | 0;
}
