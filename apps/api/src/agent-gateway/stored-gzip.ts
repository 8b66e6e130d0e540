import { crc32 } from 'node:zlib';

/** Magic, deflate, no flags, no time, no hints, unknown system (RFC 1952, section 2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** The most that one stored block of deflate can hold (RFC 1951, section 3.2.4). */
const BLOCK = 65_535;

/** Bytes as a gzip member that stores and does not compress them: for the few that differ in front of many that are shared. */
export function storedGzip(bytes: Buffer): Buffer {
  const parts: Buffer[] = [HEADER];
  let from = 0;
  do {
    const block = bytes.subarray(from, from + BLOCK);
    from += BLOCK;
    const frame = Buffer.alloc(5);
    frame.writeUInt8(from >= bytes.length ? 1 : 0, 0);
    frame.writeUInt16LE(block.length, 1);
    frame.writeUInt16LE(0xffff - block.length, 3);
    parts.push(frame, block);
  } while (from < bytes.length);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([...parts, trailer]);
}
