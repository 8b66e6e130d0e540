import { expect, it } from 'vitest';
import { isPublicAddress, privateHostOf } from './public-address.ts';

it('an address of the internet is told from all others', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4001::1']) expect(isPublicAddress(address)).toBe(true);
  for (const address of ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '0.0.0.0', '255.255.255.255', '::', '::1', 'fe80::1%eth0', 'fd00::1', '::ffff:8.8.8.8', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1']) {
    expect(isPublicAddress(address)).toBe(false);
  }
});

it('a host that is not on the internet is told by its address, however that is written, and by names that lead nowhere else', () => {
  for (const host of ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '169.254.169.254', '10.0.0.7:8080', '[::1]', '[fd00::1]', 'localhost', 'LOCALHOST.', 'gate', 'gate.shop.svc', 'gate.shop.svc.cluster.local', 'metadata.google.internal']) {
    expect(privateHostOf(`http://${host}/check`), host).toBeDefined();
  }
  for (const host of ['gate.example.com', '8.8.8.8', '[2606:4700:4700::1111]', 'local.example', 'internal.example.com']) expect(privateHostOf(`https://${host}/`), host).toBeUndefined();
});
