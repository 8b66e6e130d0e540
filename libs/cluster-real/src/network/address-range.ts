/** An IPv4 network as `10.1.0.0/16`; a bare address is a network of one. */
export function overlaps(one: string, other: string): boolean {
  const [first, second] = [range(one), range(other)];
  return first.from <= second.to && second.from <= first.to;
}

function range(cidr: string): { from: number; to: number } {
  const [address = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const from = Math.floor(number / size) * size;
  return { from, to: from + size - 1 };
}
