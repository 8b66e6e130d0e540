/**
 * Whether a field is one of these, or lies within one of them. Fields are written as server-side apply names them in its
 * conflicts: `.spec.http`, `.spec.ports[name="http"].port`.
 */
export function coversField(fields: readonly string[], field: string): boolean {
  return fields.some((each) => field === each || field.startsWith(`${each}.`) || field.startsWith(`${each}[`));
}
