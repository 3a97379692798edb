/**
 * A function of a list that remembers what it last gave: hosts in the same state ask it for the same, one after the
 * other. Items are the same when they are identical.
 */
export function rememberLast<T, R>(
  work: (items: readonly T[]) => R,
  most: number,
): (items: readonly T[]) => R {
  const known: { readonly items: readonly T[]; readonly result: R }[] = [];
  return (items) => {
    const found = known.find(
      (each) =>
        each.items.length === items.length && each.items.every((item, index) => item === items[index]),
    );
    if (found) return found.result;
    const result = work(items);
    known.unshift({ items, result });
    known.splice(most);
    return result;
  };
}
