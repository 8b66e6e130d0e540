import type { Environment } from '@marcbachmann/cel-js';
import { Optional } from '@marcbachmann/cel-js';
import { celFailure } from './cel-failure.ts';

/** The parts of the package's syntax tree, checker and evaluator that a macro meets; it exports no types for them. */
interface Node {
  readonly op: string;
  readonly args: readonly unknown[];
}

interface Context {
  forkWithVariable(name: string, type: TypeLike): Context;
  reuse(parent: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}

interface TypeLike {
  readonly kind: string;
  readonly valueType?: TypeLike;
  fieldLazy(object: unknown, key: unknown, node: Node, evaluator: Evaluator): unknown;
}

interface Checker {
  check(node: Node, context: Context): TypeLike;
  getType(name: string): TypeLike;
}

interface Evaluator {
  run(node: Node, context: Context): unknown;
  debugType(value: unknown): TypeLike;
}

interface MacroCall {
  readonly args: readonly Node[];
  readonly receiver: Node;
}

/** `has()` over any selection, and the optional macros, which the package lacks. */
export function registerMacros(environment: Environment): void {
  environment.registerFunction('goHas(ast): bool', ({ args }: MacroCall) => hasMacro(args[0]));
  environment.registerFunction('optional.optMap(ast, ast): optional<dyn>', (call: MacroCall) => optionalMacro(call, (value) => Optional.of(value)));
  environment.registerFunction('optional.optFlatMap(ast, ast): optional<dyn>', (call: MacroCall) => optionalMacro(call, (value) => value));
}

function hasMacro(argument: Node | undefined): object {
  if (argument?.op !== '.') throw celFailure('invalid argument to has() macro');
  const [object, field] = argument.args as [Node, string];
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): TypeLike {
      checker.check(object, context);
      return checker.getType('bool');
    },
    evaluate(evaluator: Evaluator, _macro: unknown, context: Context): boolean {
      let value = evaluator.run(object, context);
      if (value instanceof Optional) {
        if (!value.hasValue()) return false;
        value = value.value();
      }
      return evaluator.debugType(value).fieldLazy(value, field, argument, evaluator) !== undefined;
    },
  };
}

function optionalMacro({ args, receiver }: MacroCall, wrap: (value: unknown) => unknown): object {
  const [variable, body] = args;
  if (variable?.op !== 'id' || body === undefined) throw celFailure('optMap() takes a variable name and an expression');
  let scope: Context | undefined;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): TypeLike {
      const type = checker.check(receiver, context);
      scope = context.forkWithVariable(String(variable.args), (type.kind === 'optional' ? type.valueType : undefined) ?? checker.getType('dyn'));
      checker.check(body, scope);
      return checker.getType('optional');
    },
    evaluate(evaluator: Evaluator, _macro: unknown, context: Context): unknown {
      const optional = evaluator.run(receiver, context);
      if (!(optional instanceof Optional)) throw celFailure('no such overload');
      if (!optional.hasValue() || scope === undefined) return optional;
      return wrap(evaluator.run(body, scope.reuse(context).setIterValue(optional.value(), evaluator)));
    },
  };
}
