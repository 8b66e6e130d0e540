import { createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedGzip } from './stored-gzip.ts';

describe('stored bytes', () => {
  it('come out of gunzip as they went in, whatever their number', () => {
    for (const size of [0, 1, 65_534, 65_535, 65_536, 200_000]) {
      const bytes = Buffer.alloc(size, 'a state');
      expect(gunzipSync(storedGzip(bytes)).equals(bytes)).toBe(true);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => gunzipSync(storedGzip(Buffer.from(bytes))).equals(Buffer.from(bytes))));
  });

  it('make one text with a compressed member behind them, also for a stream that is fed byte by byte', async () => {
    const file = Buffer.concat([storedGzip(Buffer.from('{"head":1,')), gzipSync('"tail":2}')]);
    expect(gunzipSync(file).toString()).toBe('{"head":1,"tail":2}');
    const stream = createGunzip();
    const read = (async () => {
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return text;
    })();
    for (const byte of file) stream.write(Buffer.of(byte));
    stream.end();
    expect(await read).toBe('{"head":1,"tail":2}');
  });
});
