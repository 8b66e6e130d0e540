import { EXPIRES_AT, jsonOfObject, type ErrorCode } from '@meshfleet/model';
import { patchProblem } from './apply-patch.ts';
import { CLUSTER_FIELDS, nearlyReferences, splitReferences } from './references.ts';
import { concerns } from './render-objects.ts';
import type { Template } from './template.ts';
import { walkTexts } from './walk-texts.ts';

/** Where in a template something is: a field of an object, a patch or a variable, each counted from 0. */
export type TemplatePlace = { readonly object: number; readonly path: string } | { readonly patch: number } | { readonly variable: number };

export interface TemplateRemark {
  readonly code: Extract<ErrorCode, 'RENDER_FAILED' | 'REFERENCE_UNKNOWN' | 'VARIABLE_UNUSED'>;
  readonly place: TemplatePlace;
  readonly summary: string;
  readonly fix: string;
}

/** What is wrong with a template in every cluster, and what is worth a second look. */
export function reviewTemplate(template: Template): { readonly problems: readonly TemplateRemark[]; readonly warnings: readonly TemplateRemark[] } {
  const code = 'RENDER_FAILED';
  const problems: TemplateRemark[] = [];
  const warnings: TemplateRemark[] = [];
  const names = template.variables.map(({ name }) => name);
  const used = new Set<string>();
  const review = (place: (path: string) => TemplatePlace) => (text: string, path: string): void => {
    for (const part of splitReferences(text)) {
      if (typeof part === 'string' || !('variable' in part.to)) continue;
      used.add(part.to.variable);
      if (!names.includes(part.to.variable)) problems.push({ code, place: place(path), summary: `There is no variable ${part.to.variable}`, fix: names.length === 0 ? 'Declare it among the variables of the policy.' : `The variables are ${names.join(', ')}.` });
    }
    for (const near of nearlyReferences(text)) {
      const fix = `References are ${CLUSTER_FIELDS.map((field) => `\${cluster.${field}}`).join(', ')}, \${cluster.labels.KEY} and \${var.NAME}.`;
      warnings.push({ code: 'REFERENCE_UNKNOWN', place: place(path), summary: `${near} is no reference, and is left as it is`, fix });
    }
  };

  template.objects.forEach((object, index) => walkTexts(jsonOfObject(object), review((path) => ({ object: index, path }))));
  template.patches.forEach((patch, index) => {
    const problem = patchProblem(patch);
    if (problem !== undefined) problems.push({ code, place: { patch: index }, summary: problem, fix: 'Correct the patch.' });
    if (setsAnEnd(patch.value)) {
      const fix = `Write ${EXPIRES_AT} into the object itself; for clusters that differ, make a policy for each end.`;
      problems.push({ code, place: { patch: index }, summary: `Patch ${index + 1} sets when an object ends, which is the same in all clusters`, fix });
    }
    if (!template.objects.some((object) => concerns(patch, object))) {
      problems.push({ code, place: { patch: index }, summary: `Patch ${index + 1} concerns none of the objects`, fix: 'Compare its target with group, kind, namespace and name of the objects.' });
    }
    walkTexts(patch.value, review(() => ({ patch: index })));
  });
  template.variables.forEach(({ name, default: otherwise, values }, index) => {
    if (names.indexOf(name) !== index) problems.push({ code, place: { variable: index }, summary: `The variable ${name} is there twice`, fix: 'Join their values, or rename one.' });
    for (const value of [otherwise, ...values.map((one) => one.value)]) {
      walkTexts(value, (text) => {
        const nested = splitReferences(text).find((part) => typeof part !== 'string' && 'variable' in part.to);
        if (nested !== undefined) problems.push({ code, place: { variable: index }, summary: `The variable ${name} refers to a variable`, fix: 'Let values of variables refer to values of the cluster alone.' });
      });
    }
    if (!used.has(name)) warnings.push({ code: 'VARIABLE_UNUSED', place: { variable: index }, summary: `Nothing refers to the variable ${name}`, fix: `Write \${var.${name}} where its value belongs, or remove it.` });
  });
  return { problems, warnings };
}

// As a key of a merge patch, or in the path of a JSON patch (RFC 6901 writes "/" as "~1").
function setsAnEnd(patch: unknown): boolean {
  const text = JSON.stringify(patch);
  return text.includes(EXPIRES_AT) || text.includes(EXPIRES_AT.replace('/', '~1'));
}
