import { compareElements, isPathElement, type Path, type PathElement } from './path-element.ts';

/** FieldsV1 as it travels: `{"f:spec": {".": {}, "f:replicas": {}}}`. */
export interface FieldsV1 {
  [element: string]: FieldsV1;
}

/**
 * A set of field paths as a tree. A path may be a member and have children at once: `.` beside its children in FieldsV1.
 * All operations answer new sets and leave their operands alone; only `insert` changes.
 */
export class FieldSet {
  readonly members = new Set<PathElement>();
  readonly children = new Map<PathElement, FieldSet>();

  static of(...paths: Path[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  get empty(): boolean {
    if (this.members.size > 0) return false;
    for (const child of this.children.values()) if (!child.empty) return false;
    return true;
  }

  /** The root itself is never a member. */
  insert(path: Path): void {
    if (path.length === 0) return;
    let node: FieldSet = this;
    for (let index = 0; index < path.length - 1; index += 1) {
      const element = path[index] as PathElement;
      let child = node.children.get(element);
      if (child === undefined) {
        child = new FieldSet();
        node.children.set(element, child);
      }
      node = child;
    }
    node.members.add(path[path.length - 1] as PathElement);
  }

  has(path: Path): boolean {
    let node: FieldSet | undefined = this;
    for (let index = 0; index < path.length - 1; index += 1) node = node?.children.get(path[index] as PathElement);
    return node !== undefined && path.length > 0 && node.members.has(path[path.length - 1] as PathElement);
  }

  union(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const element of this.members) out.members.add(element);
    for (const element of other.members) out.members.add(element);
    for (const [element, child] of this.children) out.children.set(element, child);
    for (const [element, child] of other.children) {
      const mine = this.children.get(element);
      out.children.set(element, mine === undefined ? child : mine.union(child));
    }
    return out;
  }

  intersection(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (theirs !== undefined) out.#keep(element, child.intersection(theirs));
    }
    return out;
  }

  /** Members of this that are no members of the other. */
  difference(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      out.#keep(element, theirs === undefined ? child : child.difference(theirs));
    }
    return out;
  }

  /** As difference, and everything below a member of the other goes too. */
  recursiveDifference(other: FieldSet): FieldSet {
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue;
      const theirs = other.children.get(element);
      out.#keep(element, theirs === undefined ? child : child.recursiveDifference(theirs));
    }
    return out;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** Every member path, the members of a level before what lies below them: the order in which conflicts are told. */
  paths(): Path[] {
    const out: Path[] = [];
    this.#collect([], out);
    return out;
  }

  toFieldsV1(): FieldsV1 {
    const out: FieldsV1 = {};
    for (const element of this.#elements()) {
      const child = this.children.get(element);
      if (child === undefined || child.empty) out[element] = {};
      else out[element] = this.members.has(element) ? { '.': {}, ...child.toFieldsV1() } : child.toFieldsV1();
    }
    return out;
  }

  /** Undefined when the value is no FieldsV1. */
  static fromFieldsV1(fields: unknown): FieldSet | undefined {
    const set = new FieldSet();
    return readInto(set, fields) ? set : undefined;
  }

  #keep(element: PathElement, child: FieldSet): void {
    if (!child.empty) this.children.set(element, child);
  }

  #elements(): PathElement[] {
    const all = new Set(this.members);
    for (const [element, child] of this.children) if (!child.empty) all.add(element);
    return [...all].sort(compareElements);
  }

  #collect(prefix: Path, out: Path[]): void {
    for (const element of [...this.members].sort(compareElements)) out.push([...prefix, element]);
    for (const [element, child] of [...this.children].sort(([a], [b]) => compareElements(a, b))) child.#collect([...prefix, element], out);
  }
}

function readInto(set: FieldSet, fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return false;
  for (const [element, below] of Object.entries(fields)) {
    if (element === '.') continue;
    if (!isPathElement(element) || typeof below !== 'object' || below === null) return false;
    const keys = Object.keys(below);
    // An element is a member when nothing lies below it, or when "." says so.
    if (keys.length === 0 || keys.includes('.')) set.members.add(element);
    if (keys.length === 0) continue;
    const child = new FieldSet();
    if (!readInto(child, below)) return false;
    if (!child.empty) set.children.set(element, child);
  }
  return true;
}
