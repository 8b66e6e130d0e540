import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuidv7 } from './uuidv7.ts';

const random = fc.uint8Array({ minLength: 10, maxLength: 16 });
const time = fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true });

describe('uuidv7', () => {
  it('is a version 7 UUID that holds its time', () => {
    fc.assert(
      fc.property(time, random, (now, bytes) => {
        const id = uuidv7(now, bytes);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now.getTime());
      }),
    );
  });

  it('sorts by time', () => {
    fc.assert(
      fc.property(time, time, random, random, (a, b, one, two) => {
        fc.pre(a.getTime() < b.getTime());
        expect(uuidv7(a, one) < uuidv7(b, two)).toBe(true);
      }),
    );
  });

  it('agrees with the example of RFC 9562, appendix A.6', () => {
    const bytes = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidv7(new Date(0x017f22e279b0), bytes)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });
});
