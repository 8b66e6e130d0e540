import { describe, expect, it } from 'vitest';
import { duplicateFields } from './duplicate-fields.ts';
import { decodeProtobuf } from './protobuf/decode.ts';

const text = new TextEncoder();
type Piece = Uint8Array | number[];

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}
const bytes = (...pieces: Piece[]): Uint8Array => Uint8Array.from(pieces.flatMap((piece) => [...piece]));
const field = (number: number, content: string | Uint8Array): Uint8Array => {
  const body = typeof content === 'string' ? text.encode(content) : content;
  return bytes(varint((number << 3) | 2), varint(body.byteLength), body);
};
const number = (at: number, value: number): Uint8Array => bytes(varint(at << 3), varint(value));
const envelope = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  bytes([0x6b, 0x38, 0x73, 0], field(1, bytes(field(1, apiVersion), field(2, kind))), field(2, raw));

describe('decodeProtobuf', () => {
  it('reads an object as JSON would have it', () => {
    const metadata = bytes(field(1, 'a'), field(3, ''), number(7, 0), field(8, new Uint8Array()), field(11, bytes(field(1, 'app'), field(2, 'web'))));
    const raw = bytes(field(1, metadata), field(2, bytes(field(1, 'k'), field(2, 'v'))), number(4, 0));
    expect(decodeProtobuf(envelope('v1', 'ConfigMap', raw))).toEqual({
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { app: 'web' } }, data: { k: 'v' }, immutable: false,
    });
  });

  it('keeps a zero that is meant, and leaves out one that is not', () => {
    const spec = bytes(number(1, 0), number(5, 0), number(7, 0));
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', field(2, spec)))).toMatchObject({ spec: { replicas: 0 } });
    expect(decodeProtobuf(envelope('apps/v1', 'Deployment', field(2, spec)))).not.toHaveProperty('spec.minReadySeconds');
  });

  it('reads int-or-string, secrets and inlined structs', () => {
    const port = bytes(field(1, 'http'), number(3, 80), field(4, bytes(number(1, 1), field(3, 'web'))));
    expect(decodeProtobuf(envelope('v1', 'Service', field(2, field(1, port))))).toMatchObject({ spec: { ports: [{ name: 'http', port: 80, targetPort: 'web' }] } });
    expect(decodeProtobuf(envelope('v1', 'Secret', field(2, bytes(field(1, 'k'), field(2, 'v')))))).toMatchObject({ data: { k: Buffer.from('v').toString('base64') } });
    const volume = bytes(field(1, 'v'), field(2, field(19, field(1, field(1, 'cm')))));
    expect(decodeProtobuf(envelope('v1', 'Pod', field(2, field(1, volume))))).toMatchObject({ spec: { volumes: [{ name: 'v', configMap: { name: 'cm' } }] } });
  });

  it.each([
    ['no magic', Uint8Array.from([1, 2, 3, 4])],
    ['a torn field', bytes([0x6b, 0x38, 0x73, 0], [0x0a, 0x7f, 1])],
    ['a group', bytes([0x6b, 0x38, 0x73, 0], [0x0b])],
    ['an unknown kind', envelope('v1', 'Unicorn', new Uint8Array())],
  ])('refuses %s with 400', (_what, body) => {
    expect(() => decodeProtobuf(body)).toThrow(expect.objectContaining({ status: expect.objectContaining({ code: 400 }) }));
  });
});

describe('duplicateFields', () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"ports":[{"x":1},{"y":"{\\"q\\":1","y":2}]},"spec":1}', ['spec.ports[1].y', 'spec']],
    ['{"a":"b,c:d","c":[["x","x"],{"k":{},"k":[]}]}', ['c[1].k']],
  ])('of %s are %j', (json, expected) => {
    expect(duplicateFields(json)).toEqual(expected);
  });
});
