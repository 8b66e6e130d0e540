const RANGES = [[100, 103], [200, 208], [226, 226], [300, 305], [307, 308], [400, 418], [421, 426], [428, 429], [431, 431], [451, 451], [500, 508], [510, 511]] as const;

/** True for HTTP's statuses that Go has a name for: istiod takes no others as a condition of retries (pkg/config/validation). */
export function isNamedStatus(status: number): boolean {
  return RANGES.some(([first, last]) => status >= first && status <= last);
}
