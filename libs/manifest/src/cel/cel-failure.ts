import { EvaluationError } from '@marcbachmann/cel-js';

/** An error inside the evaluation of a rule: CEL's operators absorb it where the language says so, hence the package's own class. */
export function celFailure(message: string): EvaluationError {
  return new EvaluationError(message);
}
