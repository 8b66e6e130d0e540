import { badRequest } from '../status-error.ts';

/** One field as it stands on the wire. */
export interface WireField {
  readonly number: number;
  /** The varint, or the eight bytes of a double, or the length-delimited bytes. */
  readonly value: bigint | number | Uint8Array;
}

/** Splits a protobuf message into its fields. 400 for what is no protobuf. */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= bytes.byteLength) throw malformed();
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw malformed();
  };
  while (at < bytes.byteLength) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        if (at + 8 > bytes.byteLength) throw malformed();
        yield { number, value: view.getFloat64(at, true) };
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (length < 0 || at + length > bytes.byteLength) throw malformed();
        yield { number, value: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      case 5:
        if (at + 4 > bytes.byteLength) throw malformed();
        yield { number, value: view.getFloat32(at, true) };
        at += 4;
        break;
      default:
        throw malformed();
    }
  }
}

export function malformed() {
  return badRequest('the object provided is unrecognized: the body is no valid protobuf');
}
