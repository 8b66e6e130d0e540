/** What a thread can be asked for, by name. Orders and answers are copied to it and back: plain values alone. */
export type ThreadTasks = Readonly<Record<string, (order: never) => unknown>>;

export type TaskName<T extends ThreadTasks> = keyof T & string;
export type OrderOf<T extends ThreadTasks, N extends TaskName<T>> = Parameters<T[N]>[0];
export type AnswerOf<T extends ThreadTasks, N extends TaskName<T>> = ReturnType<T[N]>;

export interface ThreadOrder {
  readonly name: string;
  readonly order: unknown;
}

export type ThreadAnswer = { readonly answer: unknown } | { readonly fault: string };
