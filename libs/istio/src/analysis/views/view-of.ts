import type { Resource } from '../input/resource.ts';

/** Reads a resource into the shape that rules want, once for all of them. */
export function viewOf<T>(read: (resource: Resource) => T): (resource: Resource) => T {
  const views = new WeakMap<Resource, T & object>();
  return (resource) => {
    const known = views.get(resource);
    if (known !== undefined) return known;
    const view = read(resource);
    views.set(resource, view as T & object); // views are objects
    return view;
  };
}
