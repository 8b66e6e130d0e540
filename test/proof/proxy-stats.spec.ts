import { expect, it } from 'vitest';
import { sumOf } from './proxy-stats.ts';

it('adds up what lines count, whatever their labels', () => {
  expect(sumOf(['envoy_listener_manager_total_filter_chains_draining{} 2', 'envoy_cluster_membership_total{cluster_name="outbound_.8080_._.echo"} 3'])).toBe(5);
  expect(sumOf([])).toBe(0);
});
