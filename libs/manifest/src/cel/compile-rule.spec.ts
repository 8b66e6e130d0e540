import { describe, expect, it } from 'vitest';
import { compileExpression } from './compile-rule.ts';

function evaluate(expression: string, self: unknown = 0n): unknown {
  const compiled = compileExpression(expression);
  if ('error' in compiled) return compiled.error;
  const outcome = compiled.evaluate(self, undefined);
  return 'error' in outcome ? `error: ${outcome.error}` : outcome.value;
}

describe('Kubernetes’ CEL library', () => {
  const cases: [expression: string, self: unknown, value: unknown][] = [
    // presence
    ['has(self.a[0].b)', { a: [{ b: 1n }] }, true],
    ['has(self.a[0].c)', { a: [{ b: 1n }] }, false],
    ['self.?a.orValue("none")', {}, 'none'],
    ['self.?a.optMap(v, v + 1).orValue(0)', { a: 2n }, 3n],
    ['self.?a.hasValue()', { a: 2n }, true],
    // strings
    ['self.matches("^(?i)abc$")', 'ABC', true],
    ['self.matches("^[[:digit:]]+\\\\z")', '12', true],
    ['self.split("/")[0]', 'a/b', 'a'],
    ['self.lowerAscii()', 'AÄ', 'aÄ'],
    ['self.substring(1, 2)', '😀b', 'b'],
    ['self.indexOf("b")', '😀b', 1n],
    ['self.replace("a", "b", 1)', 'aa', 'ba'],
    ['self.find("[0-9]+")', 'a12b3', '12'],
    ['self.findAll("[0-9]+")', 'a12b3', ['12', '3']],
    ['"%s has %d".format([self, 3])', 'a', 'a has 3'],
    ['self.charAt(0)', 'ab', 'a'],
    // collections
    ['self.all(k, size(k) < 3)', { ab: 1n, c: 2n }, true],
    ['self.exists_one(x, x == 1)', [1n, 1n], false],
    ['self.filter(x, x > 1).size()', [1n, 2n, 3n], 2n],
    ['self.map(x, x * 2)', [1n, 2n], [2n, 4n]],
    ['self.isSorted() && self.sum() == 6 && self.max() == 3', [1n, 2n, 3n], true],
    ['sets.equivalent(self, [2, 1])', [1n, 2n], true],
    ['sets.intersects(self, [5])', [1n, 2n], false],
    // addresses
    ['isURL(self) && url(self).getHost() == "a.b:80" && url(self).getEscapedPath() == "/x"', 'https://a.b:80/x?q=1', true],
    ['isURL(self)', 'a.b/x', false],
    ['url(self).getScheme()', '/only/a/path', ''],
    ['url(self).getQuery()["q"][0]', 'http://a/?q=1', '1'],
    ['isIP(self)', '256.0.0.1', false],
    ['ip(self).family() == 6 && ip(self).isLoopback()', '::1', true],
    ['ip.isCanonical(self)', '2001:DB8::', false],
    ['string(ip(self))', '2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['cidr(self).containsIP("10.1.2.3") && cidr(self).prefixLength() == 8', '10.0.0.0/8', true],
    ['cidr(self).containsCIDR("10.0.0.0/7")', '10.0.0.0/8', false],
    ['isCIDR(self)', '10.0.0.0/33', false],
    // quantities and times
    ['quantity(self).isGreaterThan(quantity("1Gi"))', '1025Mi', true],
    ['quantity(self).add(quantity("500m")).compareTo(quantity("2")) == 0', '1.5', true],
    ['isQuantity(self)', '1 Gi', false],
    ['duration(self) > duration("1m59s")', '2m', true],
    ['duration(self) == duration("0s")', '0', true],
    ['timestamp(self).getFullYear()', '2026-01-01T00:00:00Z', 2026n],
    // named formats
    ['format.dns1123Label().validate(self).hasValue()', 'Not-A-Label', true],
    ['!format.named("uuid").value().validate(self).hasValue()', '0b2a8d35-8a4c-4a62-9c1a-0c5f6f2f7a11', true],
    // errors, and where CEL forgives them
    ['self.a', {}, 'error: no such key: a'],
    ['self[3]', [1n], 'error: index out of bounds: 3'],
    ['1 / self', 0n, 'error: division by zero'],
    ['int(self)', 'x', "error: type conversion error from 'string' to 'int'"],
    ['self.a == 1 || true', {}, true],
    ['self.exists(x, x.a == 1)', [{ b: 1n }, { a: 1n }], true],
  ];
  it.each(cases)('%s', (expression, self, value) => {
    expect(evaluate(expression, self)).toEqual(value);
  });

  it('refuses expressions that cannot be compiled, and says why', () => {
    expect(evaluate('self.')).toContain('compilation failed');
    expect(evaluate('other == 1')).toContain('compilation failed');
    expect(evaluate('self.nothing(1, 2)')).toContain('no');
    expect(evaluate('has(self)')).toContain('invalid argument to has() macro');
  });

  it('leaves our names out of string literals', () => {
    expect(evaluate('"matches(" + r"has(" + \'duration(\'')).toBe('matches(has(duration(');
    expect(compileExpression('self == "oldSelf"')).toMatchObject({ usesOldSelf: false });
  });
});
